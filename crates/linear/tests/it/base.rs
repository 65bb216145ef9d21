//! What others learn on the ridge as a base.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use dataset::{Base, Column, Dataset, Entry, Fold, Panel, RunDir, Targets};
use linear::{RidgeFit, RidgeOptions, recipe_on_base};
use run::{ForecastResult, Forecaster, Piece, Recipe};

use crate::support::{BARS, COINS, dataset, panel};

/// First scored row: that of the fifth day.
const FIRST: usize = 4 * 288;

/// Keeps the targets that it is given, and forecasts the same of all.
struct Recorder(Rc<RefCell<Option<Targets>>>);

#[derive(Debug)]
struct Constant;

impl Forecaster for Constant {
    fn history_bars(&self) -> usize {
        1
    }

    fn columns(&self) -> Vec<Column> {
        Vec::new()
    }

    fn forecast(&self, panel: &Panel, rows: &[usize]) -> anyhow::Result<Vec<ForecastResult>> {
        Ok(vec![Ok(0.25); rows.len() * panel.coins()])
    }
}

impl Recipe for Recorder {
    fn forecaster(&self) -> &str {
        "recorder"
    }

    fn fit(&self, piece: &Piece<'_>) -> anyhow::Result<()> {
        *self.0.borrow_mut() = Some(piece.targets.clone());
        Ok(())
    }

    fn load(&self, _piece: &Piece<'_>) -> anyhow::Result<Box<dyn Forecaster>> {
        Ok(Box::new(Constant))
    }
}

/// A first fit at the fifth day, on the ridge.
fn on_ridge(panel: Panel) -> Dataset {
    let mut dataset = dataset(panel);
    dataset.config.target.base = Some(Base::Ridge);
    dataset.config.target.entry = Entry::NextClose;
    let rows = dataset.panel.rows();
    dataset.plan.folds = vec![Fold {
        number: 1,
        refit: None,
        train: 0..FIRST - 3,
        stop: FIRST - 3..FIRST - 3,
        score: FIRST..rows,
        refits: Vec::new(),
    }];
    dataset
}

/// What is fitted to, and the forecasts of all scored rows.
fn fitted(dataset: &Dataset, dir: &Path) -> (Targets, Vec<ForecastResult>) {
    let targets = Rc::default();
    let recipe = recipe_on_base(Box::new(Recorder(Rc::clone(&targets))), dataset).unwrap();
    let run = RunDir::new(dir.to_owned());
    let fold: &Fold = &dataset.plan.folds[0];
    let piece = Piece {
        dataset,
        run: &run,
        fold,
        targets: &dataset.fitted_targets(fold),
        further: &[],
        seed: 1,
        dir: recipe.dir(&run, fold, 1),
        interrupted: &AtomicBool::new(false),
        tracker: None,
    };
    recipe.fit(&piece).unwrap();
    let rows: Vec<usize> = fold.score.clone().collect();
    let forecaster = recipe.load(&piece).unwrap();
    let answers = forecaster.forecast(&dataset.panel, &rows).unwrap();
    let targets = targets.borrow_mut().take().unwrap();
    (targets, answers)
}

/// The target a bar later minus what the ridge of `quarterhour ridge` says; the sum at scored rows.
#[test]
fn what_is_learnt_is_the_target_a_bar_later_minus_the_ridge() {
    let dir = tempfile::tempdir().unwrap();
    let dataset = on_ridge(panel(0, BARS));
    let (left, sums) = fitted(&dataset, dir.path());
    // Its features look two days back, so the fourth day is the first with rows before it.
    let of_days = crate::support::dataset(panel(0, BARS));
    let ridge = RidgeFit::fit(&of_days, &of_days.plan.folds[0], RidgeOptions::default()).unwrap();
    let Fold { train, score, .. } = dataset.plan.folds[0].clone();
    let of_rows = |rows: Range<usize>| ridge.forecast(&dataset.panel, &rows.collect::<Vec<_>>());
    let mut compared = 0;
    for (place, base) in of_rows(train.clone()).into_iter().enumerate() {
        let (row, coin) = (place / COINS, place % COINS);
        let expected = match base {
            Ok(base) if row + 1 < train.end => dataset.targets.value(row + 1, coin) - base,
            _ => f64::NAN,
        };
        let found = left.value(row, coin);
        let are_unknown = found.is_nan() && expected.is_nan();
        assert!(
            are_unknown || found == expected,
            "{row} {coin}: {found} {expected}"
        );
        compared += usize::from(!are_unknown);
    }
    assert!(compared > 1000, "{compared}");
    for (sum, base) in sums.iter().zip(of_rows(score)) {
        assert_eq!(sum, &Ok(base.unwrap_or(0.0) + 0.25));
    }
}

/// Candles from some bar on change nothing that ends before it: neither what is learnt of earlier
/// rows, nor the base of rows of the same day.
#[test]
fn what_is_learnt_knows_no_later_candle() {
    let dir = tempfile::tempdir().unwrap();
    let (before, _) = fitted(&on_ridge(panel(0, BARS)), dir.path());
    for changed in [900, 1000, 1100usize] {
        let (after, _) = fitted(&on_ridge(panel(0, changed as i64)), dir.path());
        // A bar later, and three bars to the end of the return.
        let known = changed - 4;
        let bits = |left: &Targets, rows: Range<usize>| -> Vec<u64> {
            let values = rows.flat_map(|row| left.row(row).to_vec());
            values.map(f64::to_bits).collect()
        };
        assert_eq!(
            bits(&before, 864..known),
            bits(&after, 864..known),
            "{changed}"
        );
        assert_ne!(
            bits(&before, known..known + 1),
            bits(&after, known..known + 1)
        );
    }
}
