//! `quarterhour retrain`: a challenger is fitted on new candles, and takes the champion's place in the
//! registry only where it is better on a span that neither was fitted on.
//!
//! - `period`: which span is held back, and whether it is time.
//! - `plan`: the challenger's config, from the champion's.
//! - `contest`: both are scored on the span.
//! - `gate`: what follows from the scores.

mod command;
mod contest;
mod gate;
mod period;
mod plan;
mod report;

pub use command::{RetrainArgs, run};
pub use contest::Contest;
pub use gate::{Gate, Judged, judge};
pub use period::{Period, due_ms};
