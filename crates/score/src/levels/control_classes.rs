//! Classes of the controls of a volatility, by the edges that a forecaster's rows have.

use super::forecast::RegimeForecast;
use crate::rows::{ForecastColumn, Rows};

/// The control that says that volatility stays what it was: its class is that of the last days.
const LAST: &str = "naive";

/// The control that knows no more than the past on average: its probabilities are the shares of the
/// classes in the folds before, so that its likeliest class is the commonest.
const AVERAGE: &str = "coin_mean";

/// Probability of a class that a control does not expect.
const LEAST: f64 = 1e-4;

/// What a control says of the classes that `known` has the edges of; None of the others.
pub(super) fn classes_of(
    control: &ForecastColumn,
    rows: &Rows,
    known: &RegimeForecast,
) -> Option<RegimeForecast> {
    let probability = match control.name.as_str() {
        LAST => of_each(known, |row| {
            let class = known.class_of(row, control.forecast[row])?;
            let expected = 1.0 - LEAST * (known.classes - 1) as f64;
            Some(known.among_places(|place| if place == class { expected } else { LEAST }))
        }),
        AVERAGE => {
            let shares = shares_before(rows, known);
            let of_fold = |row: usize| {
                let found = shares.iter().find(|(fold, _)| *fold == rows.fold[row]);
                found.map(|(_, shares)| *shares)
            };
            of_each(known, of_fold)
        }
        _ => return None,
    };
    Some(RegimeForecast {
        edges: known.edges.clone(),
        probability,
        classes: known.classes,
    })
}

/// Columns of the probabilities of each row; NaN where they are not known.
fn of_each(known: &RegimeForecast, of: impl Fn(usize) -> Option<[f64; 3]>) -> [Vec<f64>; 3] {
    let mut columns: [Vec<f64>; 3] = Default::default();
    for row in 0..known.edges[0].len() {
        let own = of(row).unwrap_or([f64::NAN; 3]);
        for (column, value) in columns.iter_mut().zip(own) {
            column.push(value);
        }
    }
    columns
}

/// Of each fold the shares of the classes in the rows of earlier folds whose targets are known before
/// it begins; equal shares where there is none.
fn shares_before(rows: &Rows, known: &RegimeForecast) -> Vec<(u32, [f64; 3])> {
    let mut folds = rows.fold.clone();
    folds.sort_unstable();
    folds.dedup();
    let reach_ms = rows.reach_bars as i64 * rows.bar_ms;
    let of_fold = |fold: u32| {
        let own = (0..rows.len()).filter(|&row| rows.fold[row] == fold);
        let from_ms = own.map(|row| rows.time_ms[row]).min().unwrap_or(i64::MIN);
        let mut counts = [0.0; 3];
        for row in (0..rows.len()).filter(|&row| rows.time_ms[row] + reach_ms < from_ms) {
            if let Some(class) = known.class_of(row, rows.realized[row]) {
                counts[class] += 1.0;
            }
        }
        let total: f64 = counts.iter().sum();
        let equal = 1.0 / known.classes as f64;
        let share = |place: usize| match total > 0.0 {
            true => (counts[place] / total).max(LEAST),
            false => equal,
        };
        (fold, known.among_places(share))
    };
    folds.into_iter().map(of_fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levels::Quantity;

    fn rows() -> Rows {
        let count = 6;
        Rows {
            quantity: Quantity::LogVolatility,
            time_ms: (0..6).map(|day| day * 86_400_000).collect(),
            symbol: vec![0; count],
            fold: vec![1, 1, 1, 2, 2, 2],
            realized: vec![-4.0, -4.0, -2.0, -2.0, -3.0, -2.0],
            realized_delayed: vec![f64::NAN; count],
            close: None,
            controls: Vec::new(),
            volatility: vec![1.0; count],
            trailing_volatility: None,
            weight: vec![1.0; count],
            symbols: vec!["A".to_owned()],
            bar_ms: 86_400_000,
            reach_bars: 1,
        }
    }

    fn known(classes: usize) -> RegimeForecast {
        let high = if classes == 3 { -2.5 } else { -3.5 };
        RegimeForecast {
            edges: [vec![-3.5; 6], vec![high; 6]],
            probability: Default::default(),
            classes,
        }
    }

    /// What row 2 came as is known a day later, when the second fold begins: too late for it.
    #[test]
    fn shares_are_those_of_folds_before() {
        let control = ForecastColumn::control(AVERAGE, vec![-3.0; 6]);
        let found = classes_of(&control, &rows(), &known(3)).unwrap();
        assert_eq!(found.probability[0][..3], [1.0 / 3.0; 3]);
        assert_eq!(found.probability[0][3..], [1.0; 3]);
        assert_eq!(found.probability[2][3..], [LEAST; 3]);
    }

    #[test]
    fn the_class_of_the_last_days_is_all_but_certain() {
        let forecast = vec![-4.0, -3.0, -2.0, -4.0, -4.0, -4.0];
        let control = ForecastColumn::control(LAST, forecast);
        let found = classes_of(&control, &rows(), &known(3)).unwrap();
        assert_eq!(found.probability[1][..3], [LEAST, 1.0 - 2.0 * LEAST, LEAST]);
        // Of two classes there is no medium one.
        let found = classes_of(&control, &rows(), &known(2)).unwrap();
        assert_eq!(found.probability[1][..3], [0.0; 3]);
        assert_eq!(found.probability[2][..3], [LEAST, 1.0 - LEAST, 1.0 - LEAST]);
        let other = ForecastColumn::control("ewma", vec![-3.0; 6]);
        assert_eq!(classes_of(&other, &rows(), &known(3)), None);
    }
}
