//! The page of thresholds: what was tuned, how it did afterwards, and one chart a coin.

use rules::Tuning;

use super::page::{document, escaped, table};
use super::threshold_chart::thresholds_svg;
use crate::text::{
    TRADE_COLUMNS, headline, judged_rows, judged_title, portfolio_line, rules_line,
    thresholds_conclusion, thresholds_notes, thresholds_warnings, tuned_header, tuned_rows,
};

/// All coins' thresholds as one HTML file that needs nothing else. `command` makes the page again.
pub fn thresholds_html(tuning: &Tuning, command: &str) -> String {
    let title = format!("Thresholds of {}", tuning.forecaster);
    let sections = [
        head(tuning, &title),
        judged(tuning),
        tuned(tuning),
        charts(tuning),
        notes(tuning, command),
    ];
    document(&title, &sections.concat())
}

fn head(tuning: &Tuning, title: &str) -> String {
    let warnings: String = thresholds_warnings(tuning)
        .iter()
        .map(|warning| format!("<p><b>Warning:</b> {}.</p>\n", escaped(warning)))
        .collect();
    format!(
        "<h1>{}</h1>\n<p>{}.</p>\n<p>{}</p>\n<p><b>{}</b></p>\n{warnings}",
        escaped(title),
        escaped(&headline(tuning)),
        escaped(&rules_line(tuning)),
        escaped(&thresholds_conclusion(tuning)),
    )
}

fn judged(tuning: &Tuning) -> String {
    let Some(portfolio) = &tuning.portfolio else {
        return String::new();
    };
    let header: Vec<&str> = [""]
        .into_iter()
        .chain(TRADE_COLUMNS)
        .chain(["drawdown"])
        .collect();
    let rows = judged_rows(tuning)
        .into_iter()
        .map(|(label, cells)| (label, false, cells));
    format!(
        "<section><h2>{}</h2>\n{}<p>{}</p></section>\n",
        escaped(judged_title(tuning)),
        table(&header, rows),
        escaped(&portfolio_line(portfolio))
    )
}

fn tuned(tuning: &Tuning) -> String {
    let header: Vec<&str> = [""].into_iter().chain(tuned_header()).collect();
    format!(
        "<section><h2>On the span tuned on</h2>\n<p>The best threshold of every coin and side; grey is what was not \
         taken. These figures are the best of many and say what was chosen, not what to expect.</p>\n{}</section>\n",
        table(&header, tuned_rows(tuning).into_iter())
    )
}

fn charts(tuning: &Tuning) -> String {
    let chart = |coin| thresholds_svg(coin, tuning.min_trades);
    let charts: String = tuning.coins.iter().map(chart).collect();
    format!(
        "<section><h2>Threshold against profit</h2>\n<p>On the span tuned on, after costs: above the mean of a trade with \
         its interval and, along the top, the number of trades; below the total. Grey points had fewer than {} trades; \
         a vertical line is a threshold that was taken. A mean that rises with the threshold is what a useful forecast \
         looks like; a total that falls far below 0 on the left is what costs take from many small moves.</p>\n{charts}</section>\n",
        tuning.min_trades
    )
}

fn notes(tuning: &Tuning, command: &str) -> String {
    let notes: String = thresholds_notes(tuning)
        .iter()
        .map(|note| format!("<li>{}</li>\n", escaped(note)))
        .collect();
    format!(
        "<section><h2>What the figures are</h2>\n<ul>\n{notes}</ul>\n<p>This page again:</p>\n<pre><code>{}</code></pre>\
         </section>\n",
        escaped(command)
    )
}
