//! Whether probabilities of classes are what they say.

/// Bins of [`expected_calibration_error`].
const BINS: usize = 10;

/// The mean over rows of minus the logarithm of the probability of the class that came; None without
/// rows, or where a class came that had the probability 0.
///
/// # Shapes
/// `probabilities`: `[classes][rows]`; `truth`: the class of each row.
pub fn log_loss(probabilities: &[&[f64]], truth: &[usize]) -> Option<f64> {
    let of_row = |(row, class): (usize, &usize)| Some(-probabilities.get(*class)?.get(row)?.ln());
    let losses: Option<Vec<f64>> = truth.iter().enumerate().map(of_row).collect();
    mean_of_finite(&losses?)
}

/// The mean over rows of the squared differences between the probabilities and what came (1 of its
/// class, 0 of the others), added up over the classes: from 0 to 2. None without rows.
///
/// Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather Review 78
/// (1950).
///
/// # Shapes
/// As of [`log_loss`].
pub fn brier(probabilities: &[&[f64]], truth: &[usize]) -> Option<f64> {
    let of_row = |(row, truth): (usize, &usize)| -> Option<f64> {
        let of_class = |(class, values): (usize, &&[f64])| {
            let came = f64::from(u8::from(class == *truth));
            Some((values.get(row)? - came).powi(2))
        };
        probabilities.iter().enumerate().map(of_class).sum()
    };
    let losses: Option<Vec<f64>> = truth.iter().enumerate().map(of_row).collect();
    mean_of_finite(&losses?)
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// Number of rows whose probability lies in the bin.
    pub count: usize,
    /// Mean of their probabilities; None without rows.
    pub mean_probability: Option<f64>,
    /// How many of them are of the class, as a share; None without rows.
    pub frequency: Option<f64>,
}

/// Rows by the probability that a class was given, in `bins` of equal width: bin i holds those from
/// i / bins to below (i + 1) / bins, the last one 1 too.
///
/// # Shapes
/// `probabilities` of the class and `is_it`, whether it came, of the same length.
pub fn reliability(probabilities: &[f64], is_it: &[bool], bins: usize) -> Vec<ReliabilityBin> {
    let mut sums = vec![(0_usize, 0.0, 0_usize); bins];
    for (probability, is_it) in probabilities.iter().zip(is_it) {
        // A negative number or NaN becomes 0 as a whole number.
        let bin = ((probability * bins as f64) as usize).min(bins.saturating_sub(1));
        if let Some((count, sum, came)) = sums.get_mut(bin) {
            *count += 1;
            *sum += probability;
            *came += usize::from(*is_it);
        }
    }
    let of_bin = |(count, sum, came): (usize, f64, usize)| ReliabilityBin {
        count,
        mean_probability: (count > 0).then_some(sum / count as f64),
        frequency: (count > 0).then_some(came as f64 / count as f64),
    };
    sums.into_iter().map(of_bin).collect()
}

/// The expected calibration error: over ten bins of equal width of a class's probability, the distance
/// between the mean probability and the frequency, weighted by the rows in the bin; the mean over the
/// classes. None without rows or classes.
///
/// Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning",
/// AAAI 29 (2015).
///
/// # Shapes
/// As of [`log_loss`].
pub fn expected_calibration_error(probabilities: &[&[f64]], truth: &[usize]) -> Option<f64> {
    let of_class = |(class, probabilities): (usize, &&[f64])| {
        let is_it: Vec<bool> = truth.iter().map(|truth| *truth == class).collect();
        let gap = |bin: ReliabilityBin| {
            let gap = bin.mean_probability? - bin.frequency?;
            Some(bin.count as f64 * gap.abs())
        };
        let bins = reliability(probabilities, &is_it, BINS).into_iter();
        bins.filter_map(gap).sum::<f64>() / truth.len() as f64
    };
    let errors: Vec<f64> = probabilities.iter().enumerate().map(of_class).collect();
    mean_of_finite(&errors)
}

/// The mean of the values; None of none, or where it has no end.
fn mean_of_finite(values: &[f64]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    mean.is_finite().then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_scored_is_undefined() {
        let [low, high] = [[1.0, 0.25], [0.0, 0.75]];
        assert_eq!(
            log_loss(&[&low, &high], &[1, 1]),
            None,
            "it came and was impossible"
        );
        assert_eq!(
            log_loss(&[&low, &high], &[0, 2]),
            None,
            "there is no such class"
        );
        assert_eq!(log_loss(&[], &[]), None);
        assert_eq!(brier(&[], &[]), None);
        assert_eq!(expected_calibration_error(&[&[], &[]], &[]), None);
        assert_eq!(expected_calibration_error(&[], &[0]), None);
    }

    #[test]
    fn bins_hold_their_lower_end_and_the_last_one_both() {
        let bins = reliability(&[0.0, 0.49, 0.5, 1.0], &[false, true, true, true], 2);
        let bin = |mean, frequency| ReliabilityBin {
            count: 2,
            mean_probability: Some(mean),
            frequency: Some(frequency),
        };
        assert_eq!(bins, [bin(0.245, 0.5), bin(0.75, 1.0)]);
        let empty = reliability(&[0.9], &[true], 2)[0];
        assert_eq!(
            (empty.count, empty.mean_probability, empty.frequency),
            (0, None, None)
        );
    }
}
