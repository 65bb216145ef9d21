//! From forecasts and prices to what timing saves.

use std::collections::BTreeSet;

use rayon::prelude::*;
use score::{ForecastColumn, Options, Rows, check_forecasters};

use super::orders::{OrderSums, Terms, day_sums};
use super::prices::{CoinPrices, Prices};
use super::report::{
    DeadlineReport, Resampling, Saving, SideSavings, TimingReport, TimingScore, ratio, saved_by_day,
};
use super::rule::{LEAST_COINS, PATIENCE, TimingRule, z_scores};
use crate::error::{Error, setting};

const DAY_MS: i64 = 86_400_000;

/// Longest time that an order may take, in bars.
const MOST_BARS: usize = 10_000;

/// Which orders there are, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct TimingOptions {
    /// For each deadline, the closes at which an order may be filled.
    pub deadlines_bars: Vec<usize>,
    /// Bars from one order of a coin to the next.
    pub every_bars: usize,
    /// How much worse than a close a fill is, in basis points; benchmarks pay it as well.
    pub half_spread_bps: f64,
    /// The rule's [patience](TimingRule::patience).
    pub patience: f64,
    /// Draws, seed and confidence of the intervals.
    pub bootstrap: Options,
}

impl TimingOptions {
    /// Orders of these deadlines from every bar on, a half-spread of 1 basis point, the usual rule.
    pub fn usual(deadlines_bars: Vec<usize>) -> Self {
        Self {
            deadlines_bars,
            every_bars: 1,
            half_spread_bps: 1.0,
            patience: PATIENCE,
            bootstrap: Options::default(),
        }
    }

    /// Refuses orders that there cannot be.
    ///
    /// # Errors
    /// Names the setting that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let bars = self.deadlines_bars.iter().map(|bars| ("deadline", bars));
        for (key, bars) in bars.chain([("every", &self.every_bars)]) {
            if !(1..=MOST_BARS).contains(bars) {
                return Err(setting(key, format!("{bars} bars"), "1 to 10000 bars"));
            }
        }
        if self.deadlines_bars.is_empty() {
            return Err(setting("deadline", "nothing", "one deadline at least"));
        }
        if !(0.0..1000.0).contains(&self.half_spread_bps) {
            return Err(setting(
                "half_spread_bps",
                self.half_spread_bps,
                "basis points from 0 to 1000",
            ));
        }
        if !(0.0..=100.0).contains(&self.patience) {
            return Err(setting("patience", self.patience, "a number from 0 to 100"));
        }
        Ok(self.bootstrap.validate()?)
    }
}

/// Follows the rule with the forecasts of each forecaster, for buys and sells of every coin.
///
/// An order arrives at the close of a bar at which its coin has a forecast; at this close and the
/// following ones is decided, and each decision is filled at the close after it. It is counted where
/// all closes of its time are known and something is forecast at each of its decisions. All
/// forecasters have the same orders.
///
/// # Errors
/// Rows that are inconsistent, settings out of range, fewer than three coins, a coin without prices,
/// no order at all.
pub fn timing(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    prices: &Prices,
    options: &TimingOptions,
) -> Result<TimingReport, Error> {
    rows.check()?;
    check_forecasters(rows, forecasters)?;
    prices.check()?;
    options.validate()?;
    if rows.symbols.len() < LEAST_COINS {
        return Err(Error::FewCoins {
            found: rows.symbols.len(),
            expected: LEAST_COINS,
        });
    }
    let grid = Grid::new(rows, prices)?;
    let coins: Vec<CoinPrices> = grid
        .coins
        .par_iter()
        .map(|&coin| prices.coin(coin))
        .collect();
    let starts: Vec<Vec<Starts>> = (options.deadlines_bars.iter())
        .map(|&bars| grid.starts(rows, bars, options.every_bars))
        .collect();
    // For each forecaster, deadline and coin the sums of its days.
    let of_forecaster = |forecaster: &ForecastColumn| -> Vec<Vec<Vec<OrderSums>>> {
        let z = grid.z_scores(rows, &forecaster.forecast);
        let of_deadline = |(starts, &bars): (&Vec<Starts>, &usize)| {
            let terms = Terms {
                rule: TimingRule {
                    patience: options.patience,
                },
                bars,
                half_spread: options.half_spread_bps * 1e-4,
            };
            let of_coin =
                |coin: usize| day_sums(&coins[coin], &z[coin], &starts[coin], grid.days, terms);
            (0..coins.len()).into_par_iter().map(of_coin).collect()
        };
        starts
            .iter()
            .zip(&options.deadlines_bars)
            .map(of_deadline)
            .collect()
    };
    let sums: Vec<Vec<Vec<Vec<OrderSums>>>> = forecasters.iter().map(of_forecaster).collect();
    let deadlines = (0..options.deadlines_bars.len()).map(|deadline| {
        let of_deadline: Vec<&Vec<Vec<OrderSums>>> =
            sums.iter().map(|sums| &sums[deadline]).collect();
        deadline_report(
            rows,
            forecasters,
            &of_deadline,
            (options, options.deadlines_bars[deadline]),
        )
    });
    Ok(report(rows, options, deadlines.collect::<Result<_, _>>()?))
}

fn report(rows: &Rows, options: &TimingOptions, deadlines: Vec<DeadlineReport>) -> TimingReport {
    let times = rows.time_ms.iter().copied();
    TimingReport {
        coins: rows.symbols.len(),
        folds: rows
            .fold
            .iter()
            .copied()
            .collect::<BTreeSet<u32>>()
            .into_iter()
            .collect(),
        span_ms: [
            times.clone().min().unwrap_or_default(),
            times.max().unwrap_or_default(),
        ],
        bar_ms: rows.bar_ms,
        every_bars: options.every_bars,
        half_spread_bps: options.half_spread_bps,
        patience: options.patience,
        confidence: options.bootstrap.confidence,
        draws: options.bootstrap.draws,
        seed: options.bootstrap.seed,
        deadlines,
    }
}

/// Summaries of one deadline. `sums`: for each forecaster and coin the sums of its days.
fn deadline_report(
    rows: &Rows,
    forecasters: &[ForecastColumn],
    sums: &[&Vec<Vec<OrderSums>>],
    (options, deadline_bars): (&TimingOptions, usize),
) -> Result<DeadlineReport, Error> {
    let days: Vec<Vec<OrderSums>> = sums.iter().map(|coins| all_coins(coins)).collect();
    let of_first = days.first().map_or(&[][..], Vec::as_slice);
    let orders = of_first.iter().map(|day| day.orders).sum::<f64>();
    if orders == 0.0 {
        return Err(Error::NoOrders {
            bars: deadline_bars,
        });
    }
    let time_ms = rows.bar_ms.saturating_mul(deadline_bars as i64);
    let resampling = Resampling {
        options: &options.bootstrap,
        block: usize::try_from(time_ms.div_euclid(DAY_MS)).unwrap_or(0) + 1,
    };
    let first = saved_by_day(of_first);
    let score = |(place, forecaster): (usize, &ForecastColumn)| {
        let days = &days[place];
        let saved = saved_by_day(days);
        let ahead = || Saving::new(&statistics::minus(&first, &saved), resampling);
        let coins = rows
            .symbols
            .iter()
            .zip(sums[place])
            .filter(|_| !forecaster.is_control());
        let coin = |(symbol, days): (&String, &Vec<OrderSums>)| {
            (symbol.clone(), Saving::new(&saved_by_day(days), resampling))
        };
        let bars = days.iter().map(|day| day.bars).sum::<f64>();
        TimingScore {
            name: forecaster.name.clone(),
            run: forecaster.run.clone(),
            saved: Saving::new(&saved, resampling),
            first_run_ahead: (place > 0).then(ahead),
            buy: SideSavings::new(days, 0, resampling),
            sell: SideSavings::new(days, 1, resampling),
            mean_bars: ratio(bars, 2.0 * orders),
            coins: coins.map(coin).collect(),
        }
    };
    let numbered: Vec<(usize, &ForecastColumn)> = forecasters.iter().enumerate().collect();
    Ok(DeadlineReport {
        deadline_bars,
        orders: orders as usize,
        days: first.iter().flatten().count(),
        forecasters: numbered.into_par_iter().map(score).collect(),
    })
}

/// The sums of all coins, by day.
fn all_coins(coins: &[Vec<OrderSums>]) -> Vec<OrderSums> {
    let mut all = vec![OrderSums::default(); coins.first().map_or(0, Vec::len)];
    for day in coins.iter().flat_map(|days| days.iter().enumerate()) {
        all[day.0].add(day.1);
    }
    all
}

/// Bars at which orders of a coin arrive, each with the place of its day.
type Starts = Vec<(usize, usize)>;

/// Where rows stand among the bars of the prices.
struct Grid {
    /// Place of each coin of the rows among those of the prices.
    coins: Vec<usize>,
    /// The bar of each row.
    bar: Vec<usize>,
    /// Number of bars.
    bars: usize,
    /// For each bar, how many bars before it have a row of any coin; one more than bars.
    scored: Vec<usize>,
    /// The first UTC day that has a row.
    first_day: i64,
    /// UTC days from the first to the last.
    days: usize,
}

impl Grid {
    fn new(rows: &Rows, prices: &Prices) -> Result<Self, Error> {
        let place = |symbol: &String| {
            let found = prices.symbols.iter().position(|other| other == symbol);
            found.ok_or_else(|| Error::NoPrices {
                symbol: symbol.clone(),
                time_ms: None,
            })
        };
        let bar_of = |row: usize| {
            let offset = rows.time_ms[row] - prices.start_ms;
            let bar = usize::try_from(offset.div_euclid(prices.bar_ms)).ok();
            let is_on_grid = offset.rem_euclid(prices.bar_ms) == 0 && rows.bar_ms == prices.bar_ms;
            bar.filter(|bar| is_on_grid && *bar < prices.bars())
                .ok_or_else(|| Error::NoPrices {
                    symbol: rows.symbols[rows.symbol[row] as usize].clone(),
                    time_ms: Some(rows.time_ms[row]),
                })
        };
        let coins = rows.symbols.iter().map(place).collect::<Result<_, _>>()?;
        let bar: Vec<usize> = (0..rows.len()).map(bar_of).collect::<Result<_, _>>()?;
        let mut has_row = vec![false; prices.bars()];
        bar.iter().for_each(|&bar| has_row[bar] = true);
        let mut scored = vec![0];
        for has_row in has_row {
            scored.push(scored[scored.len() - 1] + usize::from(has_row));
        }
        let day_numbers = || {
            rows.time_ms
                .iter()
                .map(|time_ms| time_ms.div_euclid(DAY_MS))
        };
        let (first_day, last_day) = (
            day_numbers().min().unwrap_or(0),
            day_numbers().max().unwrap_or(0),
        );
        Ok(Self {
            coins,
            bar,
            bars: prices.bars(),
            scored,
            first_day,
            days: usize::try_from(last_day - first_day).unwrap_or(0) + 1,
        })
    }

    /// The bars at which orders of each coin arrive that may be filled at so many closes.
    fn starts(&self, rows: &Rows, bars: usize, every_bars: usize) -> Vec<Starts> {
        let mut starts = vec![Starts::new(); self.coins.len()];
        for (row, &bar) in self.bar.iter().enumerate() {
            let number = rows.time_ms[row].div_euclid(rows.bar_ms);
            let is_scored = |until: &usize| until - self.scored[bar] == bars;
            if number.rem_euclid(every_bars as i64) == 0
                && self.scored.get(bar + bars).is_some_and(is_scored)
            {
                let day = rows.time_ms[row].div_euclid(DAY_MS) - self.first_day;
                starts[rows.symbol[row] as usize].push((bar, usize::try_from(day).unwrap_or(0)));
            }
        }
        starts
    }

    /// The z-score of every coin at every bar, NaN where unknown.
    fn z_scores(&self, rows: &Rows, forecast: &[f64]) -> Vec<Vec<f64>> {
        let mut z = vec![vec![f64::NAN; self.bars]; self.coins.len()];
        let mut first = 0;
        for time in rows.time_ms.chunk_by(|a, b| a == b) {
            let known: Vec<Option<f64>> = forecast[first..first + time.len()]
                .iter()
                .copied()
                .map(Some)
                .collect();
            for (offset, score) in z_scores(&known).into_iter().enumerate() {
                let row = first + offset;
                z[rows.symbol[row] as usize][self.bar[row]] = score.unwrap_or(f64::NAN);
            }
            first += time.len();
        }
        z
    }
}
