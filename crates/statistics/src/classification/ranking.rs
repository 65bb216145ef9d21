//! How well a score puts the rows of one class above the others.

use crate::correlation::ranks_of;
use crate::mean::mean;
use crate::ordering::sorted;

/// Scores with their order, for all that is said of how they are ordered.
///
/// # Examples
/// ```
/// use statistics::classification::Ranking;
///
/// let ranking = Ranking::new(vec![0.1, 0.4, 0.35, 0.8]);
/// assert_eq!(ranking.ranks(), [1.0, 3.0, 2.0, 4.0]);
/// assert_eq!(ranking.auc(&[false, false, true, true]), Some(0.75));
/// ```
#[derive(Debug, Clone)]
pub struct Ranking {
    scores: Vec<f64>,
    /// Order key and place of each score, lowest first.
    order: Vec<(u64, u32)>,
}

impl Ranking {
    /// Sorts scores without NaN.
    pub fn new(scores: Vec<f64>) -> Self {
        Self {
            order: sorted(&scores),
            scores,
        }
    }

    /// Ranks counted from 1; equal scores share the mean of their ranks.
    pub fn ranks(&self) -> Vec<f64> {
        ranks_of(&self.order)
    }

    /// As [`auc`] of the scores.
    pub fn auc(&self, is_it: &[bool]) -> Option<f64> {
        let (mut own, mut rank_sum) = (0.0, 0.0);
        for (rank, is_it) in self.ranks().iter().zip(is_it) {
            if *is_it {
                own += 1.0;
                rank_sum += rank;
            }
        }
        let others = self.scores.len() as f64 - own;
        (own > 0.0 && others > 0.0).then(|| (rank_sum - own * (own + 1.0) / 2.0) / (own * others))
    }

    /// As [`precision_recall_curve`] of the scores.
    pub fn precision_recall_curve(&self, is_it: &[bool]) -> Vec<PrecisionRecall> {
        let own = is_it.iter().filter(|is_it| **is_it).count() as f64;
        if own == 0.0 {
            return Vec::new();
        }
        let (mut taken, mut right) = (0.0, 0.0);
        let mut curve = Vec::new();
        let descending = self.order.chunk_by(|left, right| left.0 == right.0);
        for ties in descending.rev() {
            taken += ties.len() as f64;
            right += (ties.iter())
                .filter(|(_, row)| is_it.get(*row as usize) == Some(&true))
                .count() as f64;
            curve.push(PrecisionRecall {
                threshold: self.scores[ties[0].1 as usize],
                precision: right / taken,
                recall: right / own,
            });
        }
        curve
    }

    /// As [`average_precision`] of the scores.
    pub fn average_precision(&self, is_it: &[bool]) -> Option<f64> {
        let curve = self.precision_recall_curve(is_it);
        let mut recall = 0.0;
        let steps = curve.iter().map(|point| {
            let added = point.recall - recall;
            recall = point.recall;
            added * point.precision
        });
        let sum = steps.sum();
        (!curve.is_empty()).then_some(sum)
    }
}

/// Area under the receiver operating characteristic: the probability that a row of the class has a
/// higher score than one of the others; equal scores count as half. None where either has no rows.
///
/// Mann and Whitney's statistic, by ranks.
///
/// # Shapes
/// `scores` without NaN and `is_it`, whether the row is of the class, of the same length.
///
/// # Examples
/// ```
/// let area = statistics::classification::auc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]);
/// assert_eq!(area, Some(0.75));
/// ```
pub fn auc(scores: &[f64], is_it: &[bool]) -> Option<f64> {
    Ranking::new(scores.to_vec()).auc(is_it)
}

/// The mean over the classes of [`auc`] of the class against the rest; None where a class has no rows,
/// or all.
///
/// # Shapes
/// `probabilities`: `[classes][rows]`; `truth`: the class of each row.
pub fn auc_one_vs_rest(probabilities: &[&[f64]], truth: &[usize]) -> Option<f64> {
    let of_class = |(class, scores): (usize, &&[f64])| {
        let is_it: Vec<bool> = truth.iter().map(|truth| *truth == class).collect();
        auc(scores, &is_it)
    };
    let areas: Option<Vec<f64>> = probabilities.iter().enumerate().map(of_class).collect();
    areas
        .filter(|areas| !areas.is_empty())
        .map(|areas| mean(&areas))
}

/// One threshold of a precision-recall curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRecall {
    /// Rows with this score and more are taken.
    pub threshold: f64,
    /// How many of the rows that are taken are of the class.
    pub precision: f64,
    /// How many of the class's rows are taken.
    pub recall: f64,
}

/// Precision and recall at every score there is, from the highest down; empty where no row is of the
/// class.
///
/// # Shapes
/// As of [`auc`].
pub fn precision_recall_curve(scores: &[f64], is_it: &[bool]) -> Vec<PrecisionRecall> {
    Ranking::new(scores.to_vec()).precision_recall_curve(is_it)
}

/// Average precision: the precision at each threshold, weighted by how much recall it adds. None where
/// no row is of the class.
///
/// # Shapes
/// As of [`auc`].
pub fn average_precision(scores: &[f64], is_it: &[bool]) -> Option<f64> {
    Ranking::new(scores.to_vec()).average_precision(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_is_empty_or_everything_has_no_area() {
        assert_eq!(auc(&[1.0, 2.0], &[false, false]), None);
        assert_eq!(auc(&[1.0, 2.0], &[true, true]), None);
        assert_eq!(auc(&[], &[]), None);
        assert_eq!(average_precision(&[1.0], &[false]), None);
        assert!(precision_recall_curve(&[], &[]).is_empty());
        let half = [0.5, 0.5];
        assert_eq!(auc_one_vs_rest(&[&half, &half], &[1, 1]), None);
        assert_eq!(auc_one_vs_rest(&[], &[]), None);
    }

    #[test]
    fn equal_scores_are_one_threshold() {
        let (scores, is_it) = ([0.5, 0.5, 0.9], [true, false, true]);
        assert_eq!(auc(&scores, &is_it), Some(0.75));
        let curve = precision_recall_curve(&scores, &is_it);
        let points: Vec<[f64; 3]> = curve
            .iter()
            .map(|point| [point.threshold, point.precision, point.recall])
            .collect();
        assert_eq!(points, [[0.9, 1.0, 0.5], [0.5, 2.0 / 3.0, 1.0]]);
        assert_eq!(average_precision(&scores, &is_it), Some(0.5 + 1.0 / 3.0));
    }
}
