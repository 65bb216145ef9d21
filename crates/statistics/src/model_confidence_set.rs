//! Which of several forecasters may be the best one.

use crate::mean::mean;

/// The p-value of every model in the Model Confidence Set of Hansen, Lunde and Nason ("The Model
/// Confidence Set", Econometrica 79, 2011), by their range statistic: models whose p-value is above
/// 0.1 are the 90 % set, which holds the best one with that probability.
///
/// While there is more than one model, the difference of mean losses that is furthest from 0, in units
/// of its standard deviation over the draws, is compared with the same in every draw around the mean;
/// then the worse model of that pair leaves. A model's p-value is the largest of the shares of draws
/// that were as far off or further, up to its leaving; the last model's is 1.
///
/// # Shapes
/// `losses`: `[models][times]`, times in order. `indices`: `[draws][times]`, the times that each draw
/// of a block bootstrap takes ([`crate::stationary_block_indices`]). None where there is no model, no
/// draw, a loss that is no finite number, a model of another length, or an index past the end.
///
/// # Examples
/// ```
/// let losses = [vec![1.0, 2.0, 1.5, 1.0], vec![3.0, 4.0, 3.4, 3.1]];
/// let draws = statistics::circular_block_indices(4, 2, 100, 0);
/// let p = statistics::model_confidence_set(&losses, &draws);
/// assert_eq!(p, Some(vec![1.0, 0.0]));
/// ```
pub fn model_confidence_set(losses: &[Vec<f64>], indices: &[Vec<usize>]) -> Option<Vec<f64>> {
    let times = losses.first()?.len();
    let is_whole =
        |loss: &Vec<f64>| loss.len() == times && loss.iter().all(|loss| loss.is_finite());
    let is_drawn = |draw: &Vec<usize>| !draw.is_empty() && draw.iter().all(|&time| time < times);
    if indices.is_empty() || !losses.iter().all(is_whole) || !indices.iter().all(is_drawn) {
        return None;
    }
    let differences = Differences::of(losses, indices);
    let mut remaining: Vec<usize> = (0..losses.len()).collect();
    let (mut p_values, mut highest) = (vec![1.0; losses.len()], 0.0_f64);
    while remaining.len() > 1 {
        let (worst, statistic) = differences.furthest(&remaining);
        let beyond = (differences.drawn.iter())
            .filter(|draw| differences.range(draw, &remaining) >= statistic)
            .count();
        highest = highest.max(beyond as f64 / indices.len() as f64);
        p_values[worst] = highest;
        remaining.retain(|&model| model != worst);
    }
    Some(p_values)
}

/// Differences of mean losses between models.
struct Differences {
    means: Vec<f64>,
    /// `[draws][models]`: the mean loss in each draw minus the mean loss.
    drawn: Vec<Vec<f64>>,
    /// `[models][models]`: standard deviation of each pair's difference over the draws; 1 where that is
    /// 0, as of a model with itself or with its twin, whose difference is 0 too.
    deviations: Vec<Vec<f64>>,
}

impl Differences {
    fn of(losses: &[Vec<f64>], indices: &[Vec<usize>]) -> Self {
        let means: Vec<f64> = losses.iter().map(|losses| mean(losses)).collect();
        let of_draw = |draw: &Vec<usize>| -> Vec<f64> {
            let drawn = |losses: &Vec<f64>| draw.iter().map(|&time| losses[time]).sum::<f64>();
            let models = losses.iter().zip(&means);
            models
                .map(|(losses, mean)| drawn(losses) / draw.len() as f64 - mean)
                .collect()
        };
        let drawn: Vec<Vec<f64>> = indices.iter().map(of_draw).collect();
        let deviation = |a: usize, b: usize| {
            let squares = drawn.iter().map(|draw| (draw[a] - draw[b]).powi(2));
            let deviation = (squares.sum::<f64>() / drawn.len() as f64).sqrt();
            if deviation > 0.0 { deviation } else { 1.0 }
        };
        let models = 0..losses.len();
        let deviations = (models.clone())
            .map(|a| models.clone().map(|b| deviation(a, b)).collect())
            .collect();
        Self {
            means,
            drawn,
            deviations,
        }
    }

    /// The model that is furthest behind another one, and by how many standard deviations.
    fn furthest(&self, models: &[usize]) -> (usize, f64) {
        let mut worst = (models[0], f64::NEG_INFINITY);
        for &a in models {
            for &b in models {
                let statistic = (self.means[a] - self.means[b]) / self.deviations[a][b];
                if statistic > worst.1 {
                    worst = (a, statistic);
                }
            }
        }
        worst
    }

    /// The largest difference of a draw between two models, in standard deviations.
    fn range(&self, draw: &[f64], models: &[usize]) -> f64 {
        let mut largest = 0.0_f64;
        for &a in models {
            for &b in models {
                largest = largest.max((draw[a] - draw[b]) / self.deviations[a][b]);
            }
        }
        largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_model_is_the_best_one() {
        let p = model_confidence_set(&[vec![1.0, 2.0]], &[vec![0, 1]]);
        assert_eq!(p, Some(vec![1.0]));
    }

    #[test]
    fn what_cannot_be_compared_is_undefined() {
        let losses = [vec![1.0, 2.0], vec![2.0, 1.0]];
        assert_eq!(model_confidence_set(&[], &[vec![0]]), None);
        assert_eq!(model_confidence_set(&losses, &[]), None);
        assert_eq!(model_confidence_set(&losses, &[vec![0, 2]]), None);
        assert_eq!(model_confidence_set(&losses, &[vec![]]), None);
        let uneven = [vec![1.0, 2.0], vec![2.0]];
        assert_eq!(model_confidence_set(&uneven, &[vec![0, 1]]), None);
        let unknown = [vec![1.0, 2.0], vec![2.0, f64::NAN]];
        assert_eq!(model_confidence_set(&unknown, &[vec![0, 1]]), None);
    }

    #[test]
    fn twins_leave_for_no_reason_and_the_worse_one_leaves_first() {
        let noise = |day: usize, a: usize| ((day * day * a) % 101) as f64 / 101.0;
        let good: Vec<f64> = (0..200).map(|day| noise(day, 7919)).collect();
        let bad: Vec<f64> = (0..200).map(|day| 1.0 + noise(day, 104_729)).collect();
        let draws = crate::stationary_block_indices(200, 5, 100, 0);
        let p = model_confidence_set(&[bad, good.clone(), good], &draws).unwrap();
        assert!(p[0] < 0.05, "{p:?}");
        assert!(p[1] > 0.9 && p[2] > 0.9, "{p:?}");
    }
}
