//! What holding coins by exposures brings, time by time.

use score::Rows;

use super::rule::Exposure;

/// The market of the scored rows: what each coin brings until the next time.
pub(super) struct Market<'a> {
    pub rows: &'a Rows,
    /// Return of the row's coin until the next time, as a fraction; NaN where unknown.
    pub returns: &'a [f64],
    /// Rows of each time, in order of time.
    pub times: Vec<Vec<usize>>,
    /// Place of the hedge among the symbols.
    pub hedge: Option<usize>,
}

/// One time of a book, in parts of the capital.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct BookTime {
    /// What was earned, before costs.
    pub profit: f64,
    /// Sizes of the changes of positions.
    pub traded: f64,
    /// Positions, less what is sold short.
    pub exposure: f64,
    /// Coins that are held, which the capital is divided by.
    pub coins: f64,
}

impl<'a> Market<'a> {
    pub fn new(rows: &'a Rows, returns: &'a [f64], hedge: &str) -> Self {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&row| rows.time_ms[row]);
        let times = order.chunk_by(|a, b| rows.time_ms[*a] == rows.time_ms[*b]);
        Self {
            rows,
            returns,
            times: times.map(<[usize]>::to_vec).collect(),
            hedge: rows.symbols.iter().position(|symbol| symbol == hedge),
        }
    }

    /// All coins in equal parts, each by its exposure; a coin whose return is unknown is not held.
    /// Positions at the first time cost nothing.
    pub fn book(&self, exposures: &[Exposure]) -> Vec<BookTime> {
        let mut held = vec![0.0; self.rows.symbols.len()];
        let mut short = 0.0;
        let of_time = |(number, rows): (usize, &Vec<usize>)| {
            let mut wanted = vec![0.0; held.len()];
            let mut time = BookTime::default();
            let (mut wanted_short, mut of_hedge) = (0.0, f64::NAN);
            for &row in rows {
                let coin = self.rows.symbol[row] as usize;
                let value = self.returns[row];
                if Some(coin) == self.hedge {
                    of_hedge = value;
                }
                if value.is_finite() {
                    wanted[coin] = exposures[row].coin;
                    wanted_short += exposures[row].hedge;
                    time.profit += exposures[row].coin * value;
                    time.coins += 1.0;
                }
            }
            if !of_hedge.is_finite() {
                (wanted_short, of_hedge) = (0.0, 0.0);
            }
            time.profit -= wanted_short * of_hedge;
            time.exposure = wanted.iter().sum::<f64>() - wanted_short;
            if number > 0 {
                let changes = wanted.iter().zip(&held).map(|(new, old)| (new - old).abs());
                time.traded = changes.sum::<f64>() + (wanted_short - short).abs();
            }
            (held, short) = (wanted, wanted_short);
            time
        };
        self.times.iter().enumerate().map(of_time).collect()
    }

    /// The exposure that is the same everywhere: the mean of these over all rows.
    pub fn constant(&self, exposures: &[Exposure]) -> Vec<Exposure> {
        let mean = |of: fn(&Exposure) -> f64| {
            exposures.iter().map(of).sum::<f64>() / exposures.len().max(1) as f64
        };
        let constant = Exposure {
            coin: mean(|one| one.coin),
            hedge: mean(|one| one.hedge),
        };
        vec![constant; exposures.len()]
    }
}

impl BookTime {
    /// What is left after costs, as a part of the capital.
    pub fn net(&self, cost: f64) -> f64 {
        match self.coins > 0.0 {
            true => (self.profit - cost * self.traded) / self.coins,
            false => 0.0,
        }
    }

    /// Sizes of the changes of positions, as a part of the capital.
    pub fn turnover(&self) -> f64 {
        if self.coins > 0.0 {
            self.traded / self.coins
        } else {
            0.0
        }
    }
}
