//! Areas under curves: how well a probability tells one class from the others.

use statistics::classification::Ranking;

use super::sums::{has_regimes, of_sums};
use crate::metrics::estimate::Estimate;
use crate::metrics::sample::Sample;

/// Bins of the probability in draws.
const BINS: usize = 50;

/// Rows of a class and other rows, in each bin of its probability.
const CELLS: usize = 2 * BINS;

/// Area under the ROC curve of a class against the others.
pub(super) fn auc(sample: &Sample<'_>, class: usize) -> Estimate {
    let of = || of_class(sample, class, Ranking::auc, binned_roc_area);
    match sample.level_rows() {
        Some(rows) => rows.areas[class].get_or_init(of).clone(),
        None => Estimate::default(),
    }
}

/// The mean of [`auc`] over the classes that there are.
pub(super) fn mean_auc(sample: &Sample<'_>) -> Estimate {
    let regimes = sample.level().and_then(|level| level.regimes.as_ref());
    let places = regimes.map_or(&[][..], |regimes| regimes.places());
    let areas = places.iter().map(|&class| auc(sample, class));
    let areas: Vec<Estimate> = areas.filter(|area| area.value.is_some()).collect();
    Estimate::mean_of(&areas)
}

/// Average precision of High.
pub(super) fn average_precision_of_high(sample: &Sample<'_>) -> Estimate {
    of_class(
        sample,
        2,
        Ranking::average_precision,
        binned_average_precision,
    )
}

/// An area from all rows; its draws are those of the rows in bins of the probability, moved by what
/// the bins are off.
fn of_class(
    sample: &Sample<'_>,
    class: usize,
    exact: fn(&Ranking, &[bool]) -> Option<f64>,
    binned: fn(&[f64; CELLS]) -> Option<f64>,
) -> Estimate {
    let Some(level_rows) = sample.level_rows().filter(|_| has_regimes(sample)) else {
        return Estimate::default();
    };
    let (rows, of_class) = (&level_rows.regimes, level_rows.class(class));
    let Some(value) = exact(&of_class.ranking, &of_class.is_class) else {
        return Estimate::default();
    };
    let mut bins = of_class.ranking.ranks().into_iter().map(|rank| {
        let share = (rank - 0.5) / of_class.is_class.len() as f64;
        ((share * BINS as f64) as usize).min(BINS - 1)
    });
    let bins: Vec<usize> = rows
        .iter()
        .map(|row| row.as_ref().and_then(|_| bins.next()).unwrap_or_default())
        .collect();
    let estimate = of_sums(
        sample,
        |_, row, _, cells| {
            if let Some(known) = &rows[row] {
                cells[2 * bins[row] + usize::from(known.realized != class)] += 1.0;
            }
        },
        binned,
    );
    match estimate.value {
        Some(of_bins) => Estimate {
            value: Some(value),
            ..estimate.map(|draw| draw + value - of_bins)
        },
        None => Estimate::point(Some(value)),
    }
}

fn binned_roc_area(cells: &[f64; CELLS]) -> Option<f64> {
    let (mut area, mut own_sum, mut others_below) = (0.0, 0.0, 0.0);
    for cell in cells.chunks_exact(2) {
        let [own, others] = [cell[0], cell[1]];
        area += own * (others_below + others / 2.0);
        own_sum += own;
        others_below += others;
    }
    (own_sum > 0.0 && others_below > 0.0).then(|| area / (own_sum * others_below))
}

fn binned_average_precision(cells: &[f64; CELLS]) -> Option<f64> {
    let all: f64 = cells.chunks_exact(2).map(|cell| cell[0]).sum();
    let (mut precision, mut hits, mut rows) = (0.0, 0.0, 0.0);
    for cell in cells
        .chunks_exact(2)
        .rev()
        .filter(|cell| cell[0] + cell[1] > 0.0)
    {
        hits += cell[0];
        rows += cell[0] + cell[1];
        precision += cell[0] * hits / rows;
    }
    (all > 0.0).then(|| precision / all)
}
