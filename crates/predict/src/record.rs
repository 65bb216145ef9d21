//! `predict --record`: one bar of a watch, for whoever is called once a bar by cron, systemd or a
//! workflow.

use serde_json::json;
use trading::Ledger;

use dataset::format_time;

/// Says on stdout what the ledger has of its last bar; `before_ms` is the one that it had before the call.
///
/// # Errors
/// A ledger that cannot be read.
pub(crate) fn print_last_bar(
    ledger: &Ledger,
    before_ms: Option<i64>,
    is_json: bool,
) -> anyhow::Result<()> {
    let Some(time_ms) = ledger.last_forecast_ms()? else {
        cli::note("the ledger has no forecasts yet");
        if is_json {
            cli::print("{ \"recorded\": false }\n")?;
        }
        return Ok(());
    };
    let is_new = before_ms != Some(time_ms);
    let forecasts = ledger.forecasts(time_ms)?;
    let refused = (forecasts.iter())
        .filter(|logged| logged.forecast.is_none())
        .count();
    let positions = ledger.all_positions()?;
    let opened = (positions.iter())
        .filter(|position| position.forecast_ms == time_ms)
        .count();
    let open = positions.iter().filter(|position| position.is_open());
    let (made, open) = (forecasts.len() - refused, open.count());
    let text = match is_json {
        true => {
            let object = json!({
                "recorded": is_new, "time": format_time(time_ms), "forecasts": made, "refused": refused,
                "opened": opened, "open_positions": open,
            });
            serde_json::to_string_pretty(&object)? + "\n"
        }
        false => format!(
            "{} UTC: {made} forecasts, {refused} refused, {opened} positions opened on them, \
             {open} open; the ledger is {}\n",
            format_time(time_ms),
            ledger.path().display()
        ),
    };
    Ok(cli::print(&text)?)
}
