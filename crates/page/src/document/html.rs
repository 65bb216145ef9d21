//! A document as one HTML file that needs no other.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::blocks::{Block, Section};
use super::grid::{Grid, GridCell, GridRow};
use crate::picture::DARK_COLOURS;

/// The style of all pages.
const STYLE: &str = include_str!("style.css");

/// The whole page: the title, what stands first, the contents at the side, the sections.
pub(super) fn page(title: &str, opening: &[Block], sections: &[Section]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(DARK_COLOURS)) }
            }
            body {
                header {
                    h1 { (title) }
                    @for block in opening { (of_block(block)) }
                }
                @if sections.len() > 1 { (contents(sections)) }
                main {
                    @for (number, section) in sections.iter().enumerate() { (of_section(number, section)) }
                }
            }
        }
    };
    page.into_string()
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ol {
                @for (number, section) in sections.iter().enumerate() {
                    li { a href=(format!("#s{}", number + 1)) { (section.heading) } }
                }
            }
        }
    }
}

fn of_section(number: usize, section: &Section) -> Markup {
    html! {
        section id=(format!("s{}", number + 1)) {
            h2 { (section.heading) }
            @for block in &section.blocks { (of_block(block)) }
        }
    }
}

fn of_block(block: &Block) -> Markup {
    match block {
        Block::Verdict(text) => html! { p.verdict { (running(text)) } },
        Block::Text(text) => html! { p { (running(text)) } },
        Block::Soft(text) => html! { p.soft { (running(text)) } },
        Block::Note(text) => html! { p.note { (running(text)) } },
        Block::List(items) => html! { ul { @for item in items { li { (running(item)) } } } },
        Block::Words(words) => html! {
            details {
                summary { "What the words mean" }
                dl { @for (word, meaning) in words { dt { (word) } dd { (running(meaning)) } } }
            }
        },
        Block::Html(text) => html! { (PreEscaped(text)) },
        Block::Code(text) => html! { pre { code { (text) } } },
        Block::Heading(text) => html! { h3 { (text) } },
        Block::Table(grid) => table(grid),
        Block::Chart(chart) => html! {
            figure {
                div { (PreEscaped(chart.inline())) }
                @if let Some(words) = chart.words() { figcaption { (running(words)) } }
            }
        },
        Block::Folded {
            summary,
            is_open,
            blocks,
        } => html! {
            details open[*is_open] {
                summary { (summary) }
                @for block in blocks { (of_block(block)) }
            }
        },
    }
}

/// Running text, with what stands between backquotes as code; no line begins with a percent sign, and dates
/// are not broken.
pub(crate) fn running(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (unbroken(part)) }
        }
    }
}

fn unbroken(text: &str) -> Markup {
    html! {
        @for (place, word) in text.split(' ').enumerate() {
            @if place > 0 { (if word.starts_with('%') { "\u{a0}" } else { " " }) }
            @if is_date(word) { span.whole { (word) } } @else { (word) }
        }
    }
}

/// A name that may be broken after its underscores.
pub(crate) fn breakable(name: &str) -> Markup {
    html! {
        @for (place, part) in name.split('_').enumerate() {
            @if place > 0 { "_" wbr; }
            (unbroken(part))
        }
    }
}

fn table(grid: &Grid) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th { (grid.label) }
                        @for titles in &grid.columns { (header(titles)) }
                    }
                }
                tbody {
                    @for row in &grid.rows { (of_row(grid, row)) }
                }
            }
        }
    }
}

fn header(titles: &[String]) -> Markup {
    let (first, below) = titles
        .split_first()
        .map_or(("", [].as_slice()), |(first, below)| (first, below));
    html! { th { (running(first)) @for title in below { small { (running(title)) } } } }
}

fn of_row(grid: &Grid, row: &GridRow) -> Markup {
    match row {
        GridRow::Heading(text) => html! {
            tr.group { th colspan=(grid.columns.len() + 1) { (text) } }
        },
        GridRow::Cells {
            label,
            is_soft,
            cells,
        } => html! {
            tr.soft[*is_soft] {
                th { (breakable(label)) }
                @for (place, cell) in cells.iter().enumerate() {
                    (of_cell(cell, grid.columns.get(place).map_or(&[], Vec::as_slice)))
                }
            }
        },
    }
}

/// A value with what belongs to it below. A t is named, as it stands below the interval.
fn of_cell(cell: &GridCell, titles: &[String]) -> Markup {
    let shade = (cell.shade > 0.0)
        .then(|| format!("background: rgba(0, 114, 178, {:.2})", 0.6 * cell.shade));
    let name = |title: &str| if title == "t" { "t " } else { "" };
    html! {
        td style=[shade] {
            @if let Some(value) = cell.parts.first() { (running(value)) }
            @for (title, text) in cell.below(titles) { small { (name(title)) (running(text)) } }
        }
    }
}

/// Whether a word is a date such as `2024-05-01`, with a sign of punctuation after it or not.
fn is_date(word: &str) -> bool {
    let word = word.trim_end_matches(|letter: char| letter.is_ascii_punctuation());
    let is_its = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    word.len() == 10 && word.bytes().enumerate().all(is_its)
}

#[cfg(test)]
mod tests {
    use crate::{Document, Grid, Section};

    #[test]
    fn text_is_no_markup_and_backquotes_are_code() {
        let mut grid = Grid::grouped("coin", [vec!["mean".to_owned(), "t".to_owned()]]);
        grid.row("<b>", [vec!["1".to_owned(), "2.5".to_owned()]]);
        grid.soft_row("zero", [vec!["0".to_owned(), "-".to_owned()]]);
        grid.row("share", [vec!["2.5 %".to_owned(), "-".to_owned()]]);
        let section = Section::new("A & B")
            .text("Run `a < b`.")
            .text("Up 5 % on 2024-05-01, in 12-34 words.")
            .table(grid);
        let page = Document::new("Report")
            .sections([section, Section::new("Notes").text("None.")])
            .html();
        for wanted in [
            "<h2>A &amp; B</h2>",
            "<p>Run <code>a &lt; b</code>.</p>",
            // What belongs together stays on a line.
            "<p>Up 5\u{a0}% on <span class=\"whole\">2024-05-01,</span> in 12-34 words.</p>",
            "<td>2.5\u{a0}%</td>",
            "<th>mean<small>t</small></th>",
            "<th>&lt;b&gt;</th><td>1<small>t 2.5</small></td></tr>",
            "<tr class=\"soft\"><th>zero</th><td>0</td></tr>",
            "<a href=\"#s2\">Notes</a>",
            "<section id=\"s2\">",
        ] {
            assert!(page.contains(wanted), "{wanted} is missing in {page}");
        }
    }
}
