//! What was realized in each tenth of the forecasts.

use rayon::prelude::*;
use score::{Options, Rows, Score};
use statistics::{
    ConfidenceInterval, FoldSpan, RowSpans, average_ranks, drawn_blocks, percentile_interval,
};

/// Number of groups.
const TENTHS: usize = 10;

/// Mean realized value of the forecasts in one tenth, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Decile {
    /// Mean over all folds' rows in this tenth; None where no forecast is in it.
    pub mean: Option<f64>,
    pub interval: Option<ConfidenceInterval>,
}

/// The ten groups of one forecaster, lowest forecasts first: ranked within each fold, all pairs
/// together.
///
/// Equal forecasts share their group, so a forecaster of few values leaves groups empty. Intervals
/// are from the same block bootstrap as the scores'.
pub(super) fn deciles(
    rows: &Rows,
    score: &Score,
    forecast: &[f64],
    options: &Options,
) -> Vec<Decile> {
    let spans = RowSpans::new(&rows.fold, &rows.time_ms);
    let prefix = prefix_sums(rows, &spans, &groups(&spans, forecast));
    let mut whole = DecileSums::default();
    for fold in &prefix {
        whole.add_block(&fold[0], &fold[fold.len() - 1]);
    }
    let lengths: Vec<usize> = spans.folds.iter().map(|fold| fold.times.len()).collect();
    let draw = |number: usize| {
        let mut sums = DecileSums::default();
        for (fold, blocks) in prefix.iter().zip(drawn_blocks(
            &lengths,
            score.block_bars,
            options.seed,
            number,
        )) {
            for block in blocks {
                sums.add_block(&fold[block.start], &fold[block.end]);
            }
        }
        sums
    };
    // Where the score has no interval for lack of blocks, neither has a decile.
    let drawn: Vec<DecileSums> = if score.interval("pearson").is_some() {
        (0..options.draws).into_par_iter().map(draw).collect()
    } else {
        Vec::new()
    };
    let of_group = |group: usize| {
        let means: Vec<f64> = drawn
            .iter()
            .map(|sums| sums.mean(group).unwrap_or(f64::NAN))
            .collect();
        Decile {
            mean: whole.mean(group),
            interval: percentile_interval(&means, options.confidence),
        }
    };
    (0..TENTHS).map(of_group).collect()
}

/// The group of every row: ranked within its fold.
fn groups(spans: &RowSpans, forecast: &[f64]) -> Vec<usize> {
    let of_fold = |fold: &FoldSpan| {
        let ranks = average_ranks(&forecast[fold.rows.clone()]);
        let count = fold.rows.len() as f64;
        let group =
            move |rank: f64| (((rank - 0.5) / count * TENTHS as f64) as usize).min(TENTHS - 1);
        ranks.into_iter().map(group)
    };
    spans.folds.iter().flat_map(of_fold).collect()
}

/// Per fold the sums over the timestamps before each, so that a block is one difference.
fn prefix_sums(rows: &Rows, spans: &RowSpans, groups: &[usize]) -> Vec<Vec<DecileSums>> {
    let of_fold = |fold: &FoldSpan| {
        let mut sums = vec![DecileSums::default()];
        for time in &spans.times[fold.times.clone()] {
            let mut next = sums[sums.len() - 1];
            for row in time.clone() {
                next.add(groups[row], rows.realized[row]);
            }
            sums.push(next);
        }
        sums
    };
    spans.folds.iter().map(of_fold).collect()
}

/// Sum and number of realized values in each group.
#[derive(Debug, Clone, Copy, Default)]
struct DecileSums {
    total: [f64; TENTHS],
    count: [f64; TENTHS],
}

impl DecileSums {
    fn add(&mut self, group: usize, value: f64) {
        self.total[group] += value;
        self.count[group] += 1.0;
    }

    fn add_block(&mut self, before: &Self, until: &Self) {
        for group in 0..TENTHS {
            self.total[group] += until.total[group] - before.total[group];
            self.count[group] += until.count[group] - before.count[group];
        }
    }

    fn mean(&self, group: usize) -> Option<f64> {
        (self.count[group] > 0.0).then(|| self.total[group] / self.count[group])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use score::{ForecastColumn, score};

    /// 400 minutes of two coins: realized is the coin's forecast plus 1.
    fn rows() -> (Rows, Vec<f64>) {
        let times = 400;
        let forecast: Vec<f64> = (0..2 * times)
            .map(|row| ((row * 37) % 800) as f64)
            .collect();
        let rows = Rows {
            quantity: score::Quantity::Return,
            close: None,
            time_ms: (0..2 * times as i64).map(|row| row / 2 * 60_000).collect(),
            symbol: (0..2 * times as u32).map(|row| row % 2).collect(),
            fold: vec![1; 2 * times],
            realized: forecast.iter().map(|value| value + 1.0).collect(),
            realized_delayed: vec![f64::NAN; 2 * times],
            controls: Vec::new(),
            trailing_volatility: None,
            volatility: vec![1.0; 2 * times],
            weight: vec![1.0; 2 * times],
            symbols: vec!["A".to_owned(), "B".to_owned()],
            bar_ms: 60_000,
            reach_bars: 1,
        };
        (rows, forecast)
    }

    fn of(forecast: &[f64]) -> Vec<Decile> {
        let (rows, _) = rows();
        let options = Options {
            floor_ms: 300_000,
            ..Options::default()
        };
        let forecaster = ForecastColumn {
            level: None,
            name: "x".to_owned(),
            run: Some("run".to_owned()),
            forecast: forecast.to_vec(),
        };
        let report = score(&rows, &[forecaster], &options).unwrap();
        deciles(&rows, &report.forecasters[0], forecast, &options)
    }

    #[test]
    fn each_tenth_has_its_mean_and_an_interval_around_it() {
        let found = of(&rows().1);
        for (group, decile) in found.iter().enumerate() {
            // Values 80 g to 80 g + 79, each once.
            let expected = 80.0 * group as f64 + 39.5 + 1.0;
            assert!(
                (decile.mean.unwrap() - expected).abs() < 1e-9,
                "{group}: {decile:?}"
            );
            let [low, high] = decile.interval.unwrap();
            assert!(low <= expected && expected <= high, "{group}: {decile:?}");
        }
    }

    #[test]
    fn equal_forecasts_share_a_tenth() {
        let (rows, _) = rows();
        let constant = of(&vec![0.5; rows.len()]);
        let filled: Vec<usize> = (0..TENTHS)
            .filter(|&group| constant[group].mean.is_some())
            .collect();
        assert_eq!(filled.len(), 1);
        let signs: Vec<f64> = (0..rows.len())
            .map(|row| if row % 4 == 0 { -1.0 } else { 1.0 })
            .collect();
        assert_eq!(
            of(&signs)
                .iter()
                .filter(|decile| decile.mean.is_some())
                .count(),
            2
        );
    }
}
