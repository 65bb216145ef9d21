//! Folds named on the command line.

use anyhow::anyhow;

use crate::{WithHint, usage};

/// No data is cut into more folds than this; it keeps a slip such as `1-50000000` from filling the
/// memory.
const MOST: usize = 10_000;

/// The folds that a list such as `1-5,7` names: counted from 1, each once, in order.
///
/// # Errors
/// A usage error where a part is neither a fold nor two with a `-` between them, the lower one
/// first.
///
/// # Examples
/// ```
/// assert_eq!(cli::folds("1-3,7")?, [1, 2, 3, 7]);
/// assert!(cli::folds("3-1").is_err());
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn folds(list: &str) -> anyhow::Result<Vec<usize>> {
    let mut folds = Vec::new();
    for part in list.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range = number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last);
        let (first, last) = range.ok_or_else(|| unreadable(list, part))?;
        folds.extend(first..=last);
    }
    folds.sort_unstable();
    folds.dedup();
    Ok(folds)
}

fn number(text: &str) -> Option<usize> {
    text.trim()
        .parse()
        .ok()
        .filter(|fold| (1..=MOST).contains(fold))
}

fn unreadable(list: &str, part: &str) -> anyhow::Error {
    let error = anyhow!(
        "`--folds {list}`: found `{part}`, expected folds counted from 1, such as 3, or a range of them, such as 1-5"
    );
    usage(error.hint("`--folds 1-5,7` takes folds 1, 2, 3, 4, 5 and 7"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_name_each_fold_once_in_order() {
        assert_eq!(folds("1-5").unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(folds("6,7").unwrap(), [6, 7]);
        assert_eq!(folds("1-3, 7,2").unwrap(), [1, 2, 3, 7]);
        assert_eq!(folds("4").unwrap(), [4]);
        assert_eq!(folds("7-7").unwrap(), [7]);
    }

    #[test]
    fn what_names_no_fold_is_a_usage_error() {
        for list in [
            "",
            "0",
            "0-3",
            "5-1",
            "1-",
            "-3",
            "1,,2",
            "a",
            "1-2-3",
            "1.5",
            "1-99999999999",
        ] {
            let error = folds(list).unwrap_err();
            assert!(crate::is_usage(&error), "{list}");
            let text = format!("{error:#}");
            assert!(text.contains("expected folds counted from 1"), "{text}");
            assert_eq!(
                crate::hints(&error, |_| None),
                ["`--folds 1-5,7` takes folds 1, 2, 3, 4, 5 and 7"]
            );
        }
    }
}
