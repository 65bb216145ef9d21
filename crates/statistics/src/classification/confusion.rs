//! What came true against what was forecast, counted.

/// How often each class came true, by the class that was forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    counts: Vec<Vec<usize>>,
}

impl ConfusionMatrix {
    /// Counts the rows. A row of a class past the last one is left out.
    ///
    /// # Shapes
    /// `truth` and `predicted`: the class of each row, from 0 to below `classes`.
    pub fn new(truth: &[usize], predicted: &[usize], classes: usize) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (&truth, &predicted) in truth.iter().zip(predicted) {
            if let Some(count) = counts.get_mut(truth).and_then(|row| row.get_mut(predicted)) {
                *count += 1;
            }
        }
        Self { counts }
    }

    /// The counts, `[classes that came true][classes that were forecast]`.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// The share of rows whose class was forecast; None without rows.
    pub fn accuracy(&self) -> Option<f64> {
        let right = (0..self.counts.len()).map(|class| self.counts[class][class]);
        share(right.sum(), self.rows())
    }

    /// The accuracy of always forecasting the class that came most often; None without rows.
    pub fn commonest_share(&self) -> Option<f64> {
        let commonest = (0..self.counts.len()).map(|class| self.came(class)).max();
        share(commonest?, self.rows())
    }

    /// How many of the rows that were forecast as a class came true; None where it never was forecast.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.right(class), self.forecast(class))
    }

    /// How many of the rows of a class were forecast as such; None where it never came.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.right(class), self.came(class))
    }

    /// The harmonic mean of precision and recall, `2 right / (came + forecast)`; None where the class
    /// neither came nor was forecast.
    pub fn f1(&self, class: usize) -> Option<f64> {
        share(
            2 * self.right(class),
            self.came(class) + self.forecast(class),
        )
    }

    /// The mean of F1 over the classes; one that neither came nor was forecast counts as 0. None
    /// without rows.
    pub fn macro_f1(&self) -> Option<f64> {
        let classes = self.counts.len();
        let sum: f64 = (0..classes).filter_map(|class| self.f1(class)).sum();
        (self.rows() > 0).then_some(sum / classes as f64)
    }

    fn rows(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    fn right(&self, class: usize) -> usize {
        self.counts
            .get(class)
            .and_then(|row| row.get(class))
            .map_or(0, |count| *count)
    }

    fn came(&self, class: usize) -> usize {
        self.counts.get(class).map_or(0, |row| row.iter().sum())
    }

    fn forecast(&self, class: usize) -> usize {
        self.counts.iter().filter_map(|row| row.get(class)).sum()
    }
}

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then_some(part as f64 / all as f64)
}

/// The class with the highest probability of each row; of equal ones the first.
///
/// # Shapes
/// `probabilities`: `[classes][rows]`.
pub fn likeliest(probabilities: &[&[f64]]) -> Vec<usize> {
    let rows = probabilities.first().map_or(0, |class| class.len());
    let of_row = |row: usize| {
        let classes = probabilities.iter().enumerate();
        let best = classes.fold((0, f64::NEG_INFINITY), |best, (class, values)| {
            if values[row] > best.1 {
                (class, values[row])
            } else {
                best
            }
        });
        best.0
    };
    (0..rows).map(of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_is_not_there_has_no_score() {
        let matrix = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 1, 1], 4);
        assert_eq!(matrix.counts()[0], [1, 1, 0, 0]);
        assert_eq!(
            (matrix.accuracy(), matrix.commonest_share()),
            (Some(0.75), Some(0.5))
        );
        assert_eq!(
            (matrix.precision(0), matrix.recall(0)),
            (Some(1.0), Some(0.5))
        );
        assert_eq!(
            (matrix.precision(2), matrix.recall(2), matrix.f1(2)),
            (None, None, None)
        );
        assert_eq!(matrix.f1(7), None, "there are four classes");
        // (2/3 + 4/5 + 0 + 0) / 4
        assert!((matrix.macro_f1().unwrap() - 0.366_666_666_666_666_7).abs() < 1e-15);
    }

    #[test]
    fn nothing_has_no_score() {
        let matrix = ConfusionMatrix::new(&[], &[], 3);
        assert_eq!(
            (
                matrix.accuracy(),
                matrix.commonest_share(),
                matrix.macro_f1()
            ),
            (None, None, None)
        );
        let none = ConfusionMatrix::new(&[], &[], 0);
        assert_eq!((none.accuracy(), none.macro_f1()), (None, None));
    }

    #[test]
    fn a_class_past_the_last_one_is_left_out() {
        let matrix = ConfusionMatrix::new(&[0, 5], &[0, 0], 2);
        assert_eq!(matrix.counts(), [[1, 0], [0, 0]]);
    }

    #[test]
    fn the_likeliest_class_is_the_first_of_equal_ones() {
        let [low, medium, high] = [[0.2, 0.4, 0.3], [0.5, 0.2, 0.3], [0.3, 0.4, 0.4]];
        assert_eq!(likeliest(&[&low, &medium, &high]), [1, 0, 2]);
        assert!(likeliest(&[]).is_empty());
    }
}
