//! `quarterhour retrain`: a challenger is fitted on new candles, and takes the champion's place in the
//! registry only where it is better on a span that neither was fitted on.
//!
//! - `period`: which span is held back, and whether it is time.
//! - `drift`: what makes it come before its time.
//! - `plan`: the challenger's config, from the champion's.
//! - `contest`: both are scored on the span.
//! - `gate`: what follows from the scores.
//! - `outcome`: what a call came to, for programs and for people.

mod arguments;
mod command;
mod contest;
mod drift;
mod gate;
mod outcome;
mod period;
mod plan;
mod retraining;

pub use arguments::RetrainArgs;
pub use command::run;
pub use contest::Contest;
pub use gate::{Gate, Judged, judge};
pub use outcome::{Challenge, Outcome};
pub use period::{Period, due_ms, early_due_ms, early_length};
