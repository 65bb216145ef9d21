//! The page of thresholds: what was tuned, how it did afterwards, and one chart a coin.

use maud::{Markup, html};
use rules::Tuning;

use super::document::{PageRow, chart, document, section, table};
use super::threshold_chart::thresholds_svg;
use crate::text::{
    TRADE_COLUMNS, headline, judged_rows, judged_title, portfolio_line, rules_line,
    thresholds_conclusion, thresholds_notes, thresholds_warnings, tuned_header, tuned_rows,
};

/// All coins' thresholds as one HTML file that needs nothing else. `command` makes the page again.
pub fn thresholds_html(tuning: &Tuning, command: &str) -> String {
    let title = format!("Thresholds of {}", tuning.forecaster);
    let body = html! {
        (head(tuning, &title))
        (judged(tuning))
        (tuned(tuning))
        (charts(tuning))
        (notes(tuning, command))
    };
    document(&title, &body)
}

fn head(tuning: &Tuning, title: &str) -> Markup {
    html! {
        h1 { (title) }
        p { (headline(tuning)) "." }
        p { (rules_line(tuning)) }
        p { b { (thresholds_conclusion(tuning)) } }
        @for warning in thresholds_warnings(tuning) {
            p.note { b { "Warning:" } " " (warning) "." }
        }
    }
}

fn judged(tuning: &Tuning) -> Markup {
    let Some(portfolio) = &tuning.portfolio else {
        return html! {};
    };
    let columns = TRADE_COLUMNS.into_iter();
    let header = std::iter::once("").chain(columns).chain(["drawdown"]);
    let rows = judged_rows(tuning).into_iter();
    section(
        judged_title(tuning),
        &html! {
            (table(header, rows.map(|(label, cells)| PageRow::new(label, cells))))
            p { (portfolio_line(portfolio)) }
        },
    )
}

fn tuned(tuning: &Tuning) -> Markup {
    let header = std::iter::once("").chain(tuned_header());
    let rows = tuned_rows(tuning).into_iter();
    section(
        "On the span tuned on",
        &html! {
            p {
                "The best threshold of every coin and side; grey is what was not taken. These figures are the best of many \
                and say what was chosen, not what to expect."
            }
            (table(header, rows.map(|(label, is_soft, cells)| PageRow::new(label, cells).soft(is_soft))))
        },
    )
}

fn charts(tuning: &Tuning) -> Markup {
    section(
        "Threshold against profit",
        &html! {
            p {
                "On the span tuned on, after costs: above the mean of a trade with its interval and, along the top, the \
                number of trades; below the total. Grey points had fewer than " (tuning.min_trades) " trades; a vertical \
                line is a threshold that was taken. A mean that rises with the threshold is what a useful forecast looks \
                like; a total that falls far below 0 on the left is what costs take from many small moves."
            }
            @for coin in &tuning.coins { (chart(thresholds_svg(coin, tuning.min_trades))) }
        },
    )
}

fn notes(tuning: &Tuning, command: &str) -> Markup {
    section(
        "What the figures are",
        &html! {
            ul {
                @for note in thresholds_notes(tuning) { li { (note) } }
            }
            p { "This page again:" }
            pre { code { (command) } }
        },
    )
}
