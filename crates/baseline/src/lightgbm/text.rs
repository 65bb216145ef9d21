//! The structure of a model's text, checked before LightGBM's own reader sees it, which trusts
//! every number: a feature, a child or a count out of range ends the process or never ends.
//!
//! Format: `GBDT::SaveModelToString` and `Tree::ToString` of LightGBM 4.

use std::collections::BTreeMap;
use std::str::FromStr;

/// No model has more features, trees or leaves.
const MOST_FEATURES: usize = 1_000_000;
const MOST_LEAVES: usize = 131_072;

/// Objectives with one output a row, whose further words change nothing but that output.
const OBJECTIVES: [&str; 9] = [
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "poisson",
    "quantile",
    "mape",
    "gamma",
    "tweedie",
];

/// The objective with an output for each class.
const CLASSES: &str = "multiclass";
const MOST_CLASSES: usize = 100;

/// Checks that a text is a whole model of one output a row, or one a class, with plain splits and finite leaves.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    let body = text
        .strip_prefix("tree\n")
        .ok_or("its first line is not `tree`")?;
    let (header, trees) = body.split_once("\n\n").ok_or("it ends within its header")?;
    // A random forest says so, in the one line without a value.
    let header = header.replacen("\naverage_output\n", "\n", 1);
    let Header {
        features,
        tree_sizes,
    } = Header::read(&header)?;
    let mut rest = trees;
    for (number, size) in tree_sizes.into_iter().enumerate() {
        let tree = rest
            .get(..size)
            .ok_or_else(|| format!("tree {number} is cut off, or of another size than named"))?;
        check_tree(tree, number, features).map_err(|reason| format!("tree {number}: {reason}"))?;
        rest = &rest[size..];
    }
    if !rest.starts_with("end of trees\n") {
        return Err("after the last tree comes something else than `end of trees`".to_owned());
    }
    if !rest.contains("\nend of parameters\n") {
        return Err("it ends before `end of parameters`".to_owned());
    }
    Ok(())
}

/// What the lines before the trees say.
struct Header {
    features: usize,
    tree_sizes: Vec<usize>,
}

impl Header {
    #[expect(clippy::too_many_lines, reason = "one check a line of the file")]
    fn read(text: &str) -> Result<Self, String> {
        const KEYS: [&str; 10] = [
            "version",
            "num_class",
            "num_tree_per_iteration",
            "label_index",
            "max_feature_idx",
            "objective",
            "feature_names",
            "monotone_constraints",
            "feature_infos",
            "tree_sizes",
        ];
        let lines = keyed(text, &KEYS)?;
        let objective = lines
            .get("objective")
            .map_or("regression", |text| text.split(' ').next().unwrap_or(""));
        // Of classes there is a tree for each in every round.
        let classes = match objective {
            CLASSES => classes_of(&lines)?,
            _ => 1,
        };
        let expected = classes.to_string();
        for (key, expected) in [
            ("version", "v4"),
            ("num_class", expected.as_str()),
            ("num_tree_per_iteration", expected.as_str()),
        ] {
            let found = of(&lines, key)?;
            if found != expected {
                return Err(format!("{key} is {found}, expected {expected}"));
            }
        }
        number::<u32>("label_index", of(&lines, "label_index")?)?;
        let features = number::<usize>("max_feature_idx", of(&lines, "max_feature_idx")?)?;
        let features = features
            .checked_add(1)
            .filter(|&features| features <= MOST_FEATURES);
        let features =
            features.ok_or_else(|| format!("max_feature_idx is beyond {MOST_FEATURES}"))?;
        if objective != CLASSES && !OBJECTIVES.contains(&objective) {
            return Err(format!(
                "objective is {objective}, expected one of {}",
                OBJECTIVES.join(", ")
            ));
        }
        for key in ["feature_names", "feature_infos"] {
            let found = of(&lines, key)?
                .split(' ')
                .filter(|word| !word.is_empty())
                .count();
            if found != features {
                return Err(format!("{key} has {found} entries, expected {features}"));
            }
        }
        if let Some(text) = lines.get("monotone_constraints") {
            numbers::<i8>("monotone_constraints", text, features)?;
        }
        let is_range = |text: &str| {
            let ends = text
                .strip_prefix('[')
                .and_then(|text| text.strip_suffix(']'))
                .and_then(|t| t.split_once(':'));
            ends.is_some_and(|(low, high)| {
                low.parse::<f64>().is_ok() && high.parse::<f64>().is_ok()
            })
        };
        let infos = of(&lines, "feature_infos")?
            .split(' ')
            .filter(|word| !word.is_empty());
        if let Some(info) = infos
            .into_iter()
            .find(|info| *info != "none" && !is_range(info))
        {
            return Err(format!(
                "feature_infos has {info}, expected [LOW:HIGH] or none"
            ));
        }
        let sizes = of(&lines, "tree_sizes")?
            .split(' ')
            .filter(|word| !word.is_empty());
        let tree_sizes = sizes
            .map(|size| number("tree_sizes", size))
            .collect::<Result<Vec<usize>, _>>()?;
        if !tree_sizes.len().is_multiple_of(classes) {
            let trees = tree_sizes.len();
            return Err(format!("{trees} trees are no rounds of {classes} each"));
        }
        Ok(Self {
            features,
            tree_sizes,
        })
    }
}

/// The number of classes, which the objective must name too.
fn classes_of(lines: &BTreeMap<&str, &str>) -> Result<usize, String> {
    let classes: usize = number("num_class", of(lines, "num_class")?)?;
    let objective = of(lines, "objective")?;
    if !(2..=MOST_CLASSES).contains(&classes)
        || objective != format!("{CLASSES} num_class:{classes}")
    {
        return Err(format!(
            "objective is {} beside num_class {classes}, expected {CLASSES} with the same number \
             from 2 to {MOST_CLASSES}",
            shortened(objective)
        ));
    }
    Ok(classes)
}

#[expect(clippy::too_many_lines, reason = "one check a line of the file")]
fn check_tree(text: &str, place: usize, features: usize) -> Result<(), String> {
    const KEYS: [&str; 16] = [
        "num_leaves",
        "num_cat",
        "split_feature",
        "split_gain",
        "threshold",
        "decision_type",
        "left_child",
        "right_child",
        "leaf_value",
        "leaf_weight",
        "leaf_count",
        "internal_value",
        "internal_weight",
        "internal_count",
        "is_linear",
        "shrinkage",
    ];
    let body = text
        .strip_prefix(&format!("Tree={place}\n"))
        .ok_or("its first line is not its number")?;
    let body = body
        .strip_suffix("\n\n\n")
        .ok_or("it does not end where its size says")?;
    let lines = keyed(body, &KEYS)?;
    for (key, expected) in [("num_cat", "0"), ("is_linear", "0")] {
        let found = of(&lines, key)?;
        if found != expected {
            return Err(format!("{key} is {found}, expected {expected}"));
        }
    }
    let leaves: usize = number("num_leaves", of(&lines, "num_leaves")?)?;
    if !(1..=MOST_LEAVES).contains(&leaves) {
        return Err(format!(
            "num_leaves is {leaves}, expected 1 to {MOST_LEAVES}"
        ));
    }
    finite("leaf_value", of(&lines, "leaf_value")?, leaves)?;
    finite("shrinkage", of(&lines, "shrinkage")?, 1)?;
    if leaves == 1 {
        return Ok(());
    }
    let splits = leaves - 1;
    for (key, count) in [("leaf_weight", leaves), ("leaf_count", leaves)] {
        finite(key, of(&lines, key)?, count)?;
    }
    for key in [
        "split_gain",
        "threshold",
        "internal_value",
        "internal_weight",
        "internal_count",
    ] {
        finite(key, of(&lines, key)?, splits)?;
    }
    let used: Vec<usize> = numbers("split_feature", of(&lines, "split_feature")?, splits)?;
    if let Some(feature) = used.iter().find(|&&feature| feature >= features) {
        return Err(format!(
            "split_feature has {feature}, expected 0 to {}",
            features - 1
        ));
    }
    // Bit 0 would make it categorical; bits 2 and 3 say what counts as missing: nothing, zero or
    // NaN.
    let kinds: Vec<u8> = numbers("decision_type", of(&lines, "decision_type")?, splits)?;
    if let Some(kind) = kinds.iter().find(|&&kind| kind % 2 != 0 || kind > 10) {
        return Err(format!(
            "decision_type has {kind}, expected an even number up to 10"
        ));
    }
    let left = numbers("left_child", of(&lines, "left_child")?, splits)?;
    let right = numbers("right_child", of(&lines, "right_child")?, splits)?;
    check_children(&left, &right, leaves)
}

/// Every leaf and every split but the first must be the child of one split, and a split comes
/// before its children: so no path is without end, and none leads out of the tree.
fn check_children(left: &[i32], right: &[i32], leaves: usize) -> Result<(), String> {
    let (mut split_seen, mut leaf_seen) = (vec![false; leaves - 1], vec![false; leaves]);
    for (parent, &child) in left.iter().enumerate().chain(right.iter().enumerate()) {
        let seen = match usize::try_from(child) {
            Ok(split) => split_seen.get_mut(split).filter(|_| split > parent),
            // A leaf is written as the complement of its number.
            Err(_) => usize::try_from(!child)
                .ok()
                .and_then(|leaf| leaf_seen.get_mut(leaf)),
        };
        let seen = seen
            .ok_or_else(|| format!("split {parent} has the child {child}, which it cannot have"))?;
        if std::mem::replace(seen, true) {
            return Err(format!(
                "split {parent} has the child {child}, which another split has too"
            ));
        }
    }
    Ok(())
}

/// Lines of `key=value`, each key once.
fn keyed<'a>(text: &'a str, known: &[&str]) -> Result<BTreeMap<&'a str, &'a str>, String> {
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| format!("`{}` is no line of it", shortened(line)))?;
        if !known.contains(&key) || lines.insert(key, value).is_some() {
            return Err(format!("`{}` is unknown or there twice", shortened(key)));
        }
    }
    Ok(lines)
}

fn of<'a>(lines: &BTreeMap<&str, &'a str>, key: &str) -> Result<&'a str, String> {
    lines
        .get(key)
        .copied()
        .ok_or_else(|| format!("it has no {key}"))
}

fn number<T: FromStr>(key: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| {
        format!(
            "{key} has `{}`, expected a number in range",
            shortened(text)
        )
    })
}

fn numbers<T: FromStr>(key: &str, text: &str, count: usize) -> Result<Vec<T>, String> {
    let numbers: Vec<T> = text
        .split(' ')
        .map(|word| number(key, word))
        .collect::<Result<_, _>>()?;
    if numbers.len() == count {
        Ok(numbers)
    } else {
        Err(format!("{key} has {}, expected {count}", numbers.len()))
    }
}

fn finite(key: &str, text: &str, count: usize) -> Result<(), String> {
    let numbers: Vec<f64> = numbers(key, text, count)?;
    match numbers.iter().find(|number| !number.is_finite()) {
        Some(number) => Err(format!("{key} has {number}, expected finite numbers")),
        None => Ok(()),
    }
}

/// Enough of a text to find it by.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: [&str; 4] = [
        include_str!("../../tests/golden/plain.txt"),
        include_str!("../../tests/golden/continued.txt"),
        include_str!("../../tests/golden/drawn.txt"),
        include_str!("../../tests/golden/first.txt"),
    ];

    fn with_first(key: &str, value: &str) -> String {
        let start = MODELS[0].find(&format!("\n{key}=")).unwrap() + key.len() + 2;
        let old = MODELS[0][start..].split([' ', '\n']).next().unwrap();
        format!(
            "{}{value}{}",
            &MODELS[0][..start],
            &MODELS[0][start + old.len()..]
        )
    }

    #[test]
    fn what_lightgbm_wrote_is_whole() {
        for model in MODELS {
            check_text(model).unwrap();
        }
    }

    #[test]
    fn a_random_forest_is_whole_too() {
        let forest = MODELS[0].replacen("\nfeature_names=", "\naverage_output\nfeature_names=", 1);
        assert_ne!(forest, MODELS[0]);
        check_text(&forest).unwrap();
    }

    /// Each of these ended the process, never ended, or took all memory in LightGBM 4.7.0.
    #[test]
    fn what_would_end_the_process_is_refused() {
        let refused = |text: &str| check_text(text).unwrap_err();
        for (key, value, says) in [
            // Same lengths, so that it is the value that is found and not the size.
            ("split_feature", "9", "split_feature has 9, expected 0 to 5"),
            ("left_child", "0", "split 0 has the child 0"),
            ("left_child", "9", "split 0 has the child 9"),
            ("num_leaves", "0", "num_leaves is 0"),
            ("num_leaves", "9", "leaf_value has 8, expected 9"),
            ("decision_type", "11", "decision_type has 11"),
            (
                "num_tree_per_iteration",
                "1000000000",
                "num_tree_per_iteration is 1000000000",
            ),
            ("num_class", "2", "num_class is 2"),
            ("max_feature_idx", "2000000000", "max_feature_idx is beyond"),
            (
                "objective",
                "multiclass num_class:1000000",
                "objective is multiclass",
            ),
            ("tree_sizes", "999999999", "tree 0 is cut off"),
        ] {
            let said = refused(&with_first(key, value));
            assert!(said.contains(says), "{key}={value}: {said}");
        }
        let nan = MODELS[0].replacen("0.31536649557663859", "nan                ", 1);
        assert!(
            nan != MODELS[0] && refused(&nan).contains("leaf_value has"),
            "{}",
            refused(&nan)
        );
        for text in [
            "",
            "<html>404</html>",
            &MODELS[0][..MODELS[0].len() / 2],
            &MODELS[0][..2000],
        ] {
            refused(text);
        }
    }

    /// Whatever byte is lost, the check says yes or no, and never yes to a tree that is not whole.
    #[test]
    fn no_cut_and_no_changed_byte_panics() {
        for cut in (0..MODELS[3].len()).step_by(97) {
            assert!(
                check_text(&MODELS[3][..cut]).is_err()
                    || cut > MODELS[3].find("end of trees").unwrap()
            );
        }
        for place in (0..MODELS[3].len()).step_by(53) {
            for byte in *b"0-. =\n" {
                let mut text = MODELS[3].as_bytes().to_vec();
                text[place] = byte;
                let _ = check_text(std::str::from_utf8(&text).unwrap());
            }
        }
    }
}
