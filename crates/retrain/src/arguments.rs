//! What a retraining is told.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use cli::WithHint;
use dataset::TimeSpan;
use download::FetchArgs;
use registry::{Alias, ModelName};

use crate::Gate;

/// Fit a challenger on new candles, and promote it if it is better on a span that neither knew
///
/// The newest split.refit_every is held back. The champion's config is fitted on all that lies before, both
/// are scored on the span, and the challenger is registered as the next minor version. A second call
/// before a new span is whole does nothing, and a call that was killed goes on where it was. The exit code
/// is 0 whatever came of it, 1 where it failed and may be called again, 2 where it is called wrongly; --json
/// says what came of it.
#[derive(Debug, Args)]
pub struct RetrainArgs {
    /// The model, such as spot20
    #[arg(long)]
    pub(crate) model: ModelName,
    /// The alias of the champion, which the challenger gets if it is better
    #[arg(long, default_value = Alias::PRODUCTION)]
    pub(crate) alias: Alias,
    /// How much is held back, and how often the model is retrained [default: split.refit_every of the
    /// champion's config]
    #[arg(long, value_name = "TIME")]
    pub(crate) hold_back: Option<TimeSpan>,
    /// What the challenger must show
    #[arg(long, value_enum, default_value_t = Gate::Mean)]
    pub(crate) gate: Gate,
    /// Begin with the champion's weights instead of from nothing, where the forecaster can
    #[arg(long)]
    pub(crate) warm_start: bool,
    /// Fit a promoted challenger once more on all candles but the newest (a twenty-fourth of what was held
    /// back), and promote that; its scores are those of the model before
    #[arg(long)]
    pub(crate) refit: bool,
    /// Retrain before the time where features, published intervals or scores are no longer as they were: a
    /// quarter of the time is held back then
    #[arg(long)]
    pub(crate) on_drift: bool,
    /// Take the candles that the store has
    #[arg(long)]
    pub(crate) no_download: bool,
    #[command(flatten)]
    pub(crate) fetch: FetchArgs,
    /// Where the challenger goes [default: beside the champion, NAME-DATE]
    #[arg(long, value_name = "DIR")]
    pub(crate) run: Option<PathBuf>,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "retrained")]
    pub(crate) why: String,
    /// Overrides a key of [data], such as data.dir (may be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The registry [default: $QUARTERHOUR_REGISTRY, else checkpoints/registry.sqlite]
    #[arg(long, value_name = "FILE")]
    pub(crate) registry: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// auto, gpu, cpu, wgpu, flex or ndarray: for networks
    #[arg(long, default_value = "auto")]
    pub device: model::DeviceChoice,
}

impl RetrainArgs {
    /// Refuses what forgoes the earlier folds that an ensemble's weights are fitted on, or begins with other
    /// weights.
    ///
    /// # Errors
    /// `--refit` and `--warm-start`.
    pub(crate) fn check_for_ensemble(&self) -> anyhow::Result<()> {
        let refused = |flag: &str, reason: &str| {
            let error = anyhow!("{flag}: {} is an ensemble, {reason}", self.model);
            Err(cli::usage(error.hint(format!(
                "without {flag} its members are fitted from nothing"
            ))))
        };
        match (self.refit, self.warm_start) {
            (true, _) => refused(
                "--refit",
                "whose weights need scored folds, which a fit on all candles leaves out",
            ),
            (_, true) => refused("--warm-start", "whose members may be of several kinds"),
            _ => Ok(()),
        }
    }
}
