//! Orders that a watch times: a coin is to be bought or sold by a deadline anyway.

use std::collections::BTreeSet;

use anyhow::anyhow;
use cli::WithHint;
use dataset::{TimeSpan, format_time};
use market::Symbol;
use rules::{PATIENCE, Side, z_scores};
use tracing::info;
use trading::{LoggedForecast, Order, OrderStep, by_order, part_left};

use super::policy::{SignalPolicy, why_not};

/// Time to the deadline where nothing is said.
const DEFAULT_WITHIN: TimeSpan = TimeSpan::hours(1);

/// What a person wants to buy or sell while the watch goes on.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct OrderArgs {
    /// Coins to be bought by the deadline: every minute says wait or trade now
    #[arg(long, value_name = "SYMBOL", value_delimiter = ',')]
    buy: Vec<Symbol>,
    /// Coins to be sold by the deadline
    #[arg(long, value_name = "SYMBOL", value_delimiter = ',')]
    sell: Vec<Symbol>,
    /// Time from the first forecast to the deadline [default: 1h]
    #[arg(long, value_name = "TIME")]
    within: Option<TimeSpan>,
}

impl OrderArgs {
    fn sides(&self) -> impl Iterator<Item = (&Symbol, Side)> {
        let buys = self.buy.iter().map(|symbol| (symbol, Side::Buy));
        buys.chain(self.sell.iter().map(|symbol| (symbol, Side::Sell)))
    }

    /// Refuses orders that cannot be timed.
    ///
    /// # Errors
    /// A coin that is not watched, a time that is no multiple of the bar, fewer than three coins.
    pub fn check(&self, symbols: &[Symbol], bar_ms: i64) -> anyhow::Result<()> {
        if let Some((symbol, _)) = self.sides().find(|(symbol, _)| !symbols.contains(symbol)) {
            let known: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
            let error = anyhow!(
                "{symbol} is not watched, expected one of {}",
                known.join(", ")
            );
            let hint = cli::did_you_mean(symbol.as_str(), &known);
            return Err(cli::usage(error.hint(hint.unwrap_or_else(|| {
                "--buy and --sell take coins of the run".to_owned()
            }))));
        }
        let has_orders = self.sides().next().is_some();
        let (within, is_asked) = (self.within(), self.within.is_some() || has_orders);
        if is_asked && (within == TimeSpan::ZERO || within.ms() % bar_ms != 0) {
            let error = anyhow!(
                "--within {within}: expected a multiple of the bar, {}s",
                bar_ms / 1000
            );
            let longer = TimeSpan::minutes(bar_ms / 60_000).max(DEFAULT_WITHIN);
            return Err(cli::usage(
                error.hint(format!("--within {longer} for instance")),
            ));
        }
        if has_orders && symbols.len() < 3 {
            let error = anyhow!("{} coins are watched, expected at least 3", symbols.len());
            return Err(cli::usage(error.hint(
                "timing compares a coin's forecast with those of the others",
            )));
        }
        Ok(())
    }

    fn within(&self) -> TimeSpan {
        self.within.unwrap_or(DEFAULT_WITHIN)
    }
}

/// The orders that are not traded yet.
#[derive(Debug)]
pub struct Orders {
    /// Coins and sides of orders that arrive with the next forecasts.
    arriving: Vec<(Symbol, Side)>,
    within_ms: i64,
    terms: OrderTerms,
    open: Vec<Open>,
}

/// What orders of a watch have in common.
#[derive(Debug, Clone, Copy)]
pub struct OrderTerms {
    /// How much worse than a close a fill of a new order is, in basis points.
    pub half_spread_bps: f64,
    /// Length of a bar in milliseconds.
    pub bar_ms: i64,
    /// When the watch begins, UTC ms.
    pub now_ms: i64,
}

#[derive(Debug)]
struct Open {
    order: Order,
    /// The part that is not traded.
    left: f64,
    /// The last minute that was decided at.
    last_ms: i64,
}

impl Orders {
    /// The orders of a ledger that are not traded yet go on. One that is asked for again before its
    /// deadline is the same order, so that a watch may be started again with the same arguments.
    pub fn new(args: &OrderArgs, known: &[OrderStep], terms: OrderTerms) -> Self {
        let mut open = Vec::new();
        let mut is_known = BTreeSet::new();
        for steps in by_order(known) {
            let Some(last) = steps.last() else { continue };
            let (order, left) = (&last.order, part_left(steps));
            if left > 0.0 || order.deadline_ms > terms.now_ms {
                is_known.insert((&order.symbol, order.side));
            }
            if left > 0.0 {
                let deadline = format_time(order.deadline_ms);
                let (symbol, side) = (&order.symbol, order.side.name());
                info!(%symbol, side, left, deadline, "an order of the ledger goes on");
                open.push(Open {
                    order: order.clone(),
                    left,
                    last_ms: last.time_ms,
                });
            }
        }
        let arriving = args.sides().filter(|asked| !is_known.contains(asked));
        Self {
            arriving: arriving
                .map(|(symbol, side)| (symbol.clone(), side))
                .collect(),
            within_ms: args.within().ms(),
            terms,
            open,
        }
    }

    /// Decides about every order by the forecasts of a minute.
    pub fn decide(
        &mut self,
        forecasts: &[LoggedForecast],
        policy: &SignalPolicy,
    ) -> Vec<OrderStep> {
        let Some(time_ms) = forecasts.first().map(|logged| logged.time_ms) else {
            return Vec::new();
        };
        for (symbol, side) in std::mem::take(&mut self.arriving) {
            self.open.push(Open {
                order: Order {
                    symbol,
                    side,
                    arrival_ms: time_ms,
                    deadline_ms: time_ms + self.within_ms,
                    patience: PATIENCE,
                    half_spread_bps: self.terms.half_spread_bps,
                },
                left: 1.0,
                last_ms: i64::MIN,
            });
        }
        let z = known_z_scores(forecasts, policy);
        let z_of = |symbol: &Symbol| {
            let place = forecasts
                .iter()
                .position(|logged| logged.symbol == *symbol)?;
            *z.get(place)?
        };
        let mut steps = Vec::new();
        // A minute that comes again, after a stop or a clock put right, is decided already.
        for open in self.open.iter_mut().filter(|open| open.last_ms < time_ms) {
            let z = z_of(&open.order.symbol);
            let step = open.order.step((time_ms, self.terms.bar_ms), z, open.left);
            open.left -= step.part;
            open.last_ms = time_ms;
            note(&step, open.left);
            steps.push(step);
        }
        self.open.retain(|open| open.left > 0.0);
        steps
    }
}

/// The z-scores of a minute's forecasts; what is not to be acted on counts as not known.
pub fn known_z_scores(forecasts: &[LoggedForecast], policy: &SignalPolicy) -> Vec<Option<f64>> {
    let known = |logged: &LoggedForecast| {
        logged
            .forecast
            .filter(|_| why_not(policy, logged).is_none())
    };
    z_scores(&forecasts.iter().map(known).collect::<Vec<_>>())
}

fn note(step: &OrderStep, left: f64) {
    let order = &step.order;
    info!(
        symbol = %order.symbol,
        side = order.side.name(),
        decision = step.decision.words(),
        z = step.z,
        part = step.part,
        left,
        deadline = format_time(order.deadline_ms),
        "order"
    );
}
