//! The structure of a model's text, checked before XGBoost's own reader sees it, which trusts the
//! places that it finds: a feature or a child out of range ends the process or never ends.
//!
//! Format: <https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html>.

use serde::Deserialize;

/// No model has more features or nodes.
const MOST_FEATURES: usize = 1_000_000;
const MOST_NODES: usize = 1 << 20;

#[derive(Deserialize)]
struct Model {
    learner: Learner,
}

#[derive(Deserialize)]
struct Learner {
    gradient_booster: GradientBooster,
    learner_model_param: LearnerParameters,
    objective: Objective,
}

#[derive(Deserialize)]
struct LearnerParameters {
    base_score: String,
    num_class: String,
    num_feature: String,
    num_target: String,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct GradientBooster {
    name: String,
    model: Trees,
}

#[derive(Deserialize)]
struct Trees {
    gbtree_model_param: TreesParameters,
    iteration_indptr: Vec<usize>,
    tree_info: Vec<usize>,
    trees: Vec<Tree>,
}

#[derive(Deserialize)]
struct TreesParameters {
    num_trees: String,
    num_parallel_tree: String,
}

#[derive(Deserialize)]
struct Tree {
    base_weights: Vec<f64>,
    categories: Vec<i64>,
    default_left: Vec<u8>,
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    parents: Vec<i64>,
    loss_changes: Vec<f64>,
    split_conditions: Vec<f64>,
    split_indices: Vec<usize>,
    split_type: Vec<u8>,
    sum_hessian: Vec<f64>,
    tree_param: TreeParameters,
}

#[derive(Deserialize)]
struct TreeParameters {
    num_feature: String,
    num_nodes: String,
    size_leaf_vector: String,
}

/// Checks that a text is a whole model of trees with plain splits and finite leaves.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn check_model(text: &str) -> Result<(), String> {
    let Model { learner } =
        serde_json::from_str(text).map_err(|error| format!("it is no JSON of a model: {error}"))?;
    let parameters = &learner.learner_model_param;
    let features = number("num_feature", &parameters.num_feature, MOST_FEATURES)?;
    let classes = number("num_class", &parameters.num_class, 1000)?.max(1);
    is("num_target", &parameters.num_target, "1")?;
    is(
        "gradient_booster.name",
        &learner.gradient_booster.name,
        "gbtree",
    )?;
    let objective = &learner.objective.name;
    if !(objective.starts_with("reg:") || objective == "multi:softprob") {
        return Err(format!(
            "objective is {objective}, expected one of regression or multi:softprob"
        ));
    }
    let scores = parameters.base_score.trim_matches(['[', ']']).split(',');
    for score in scores {
        if !score.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(format!("base_score has {score:?}, expected finite numbers"));
        }
    }
    check_trees(&learner.gradient_booster.model, features, classes)
}

fn check_trees(model: &Trees, features: usize, classes: usize) -> Result<(), String> {
    let count = model.trees.len();
    is(
        "num_trees",
        &model.gbtree_model_param.num_trees,
        &count.to_string(),
    )?;
    is(
        "num_parallel_tree",
        &model.gbtree_model_param.num_parallel_tree,
        "1",
    )?;
    let is_class = |(place, class): (usize, &usize)| *class == place % classes;
    if model.tree_info.len() != count || !model.tree_info.iter().enumerate().all(is_class) {
        return Err(format!(
            "tree_info does not name the class of each of {count} trees in turn"
        ));
    }
    let rounds = (0..=count / classes).map(|round| round * classes);
    if !count.is_multiple_of(classes) || !model.iteration_indptr.iter().copied().eq(rounds) {
        return Err(format!(
            "iteration_indptr does not count {classes} trees a round up to {count}"
        ));
    }
    for (number, tree) in model.trees.iter().enumerate() {
        check_tree(tree, features).map_err(|reason| format!("tree {number}: {reason}"))?;
    }
    Ok(())
}

fn check_tree(tree: &Tree, features: usize) -> Result<(), String> {
    let nodes = number("num_nodes", &tree.tree_param.num_nodes, MOST_NODES)?;
    is(
        "num_feature",
        &tree.tree_param.num_feature,
        &features.to_string(),
    )?;
    if !["0", "1"].contains(&tree.tree_param.size_leaf_vector.as_str()) {
        return Err("size_leaf_vector is beyond 1".to_owned());
    }
    let lengths = [
        ("base_weights", tree.base_weights.len()),
        ("default_left", tree.default_left.len()),
        ("left_children", tree.left_children.len()),
        ("right_children", tree.right_children.len()),
        ("parents", tree.parents.len()),
        ("loss_changes", tree.loss_changes.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("split_indices", tree.split_indices.len()),
        ("split_type", tree.split_type.len()),
        ("sum_hessian", tree.sum_hessian.len()),
    ];
    if let Some((name, found)) = lengths
        .iter()
        .find(|(_, found)| *found != nodes || nodes == 0)
    {
        return Err(format!("{name} has {found} entries for {nodes} nodes"));
    }
    if !tree.categories.is_empty() || tree.split_type.iter().any(|kind| *kind != 0) {
        return Err("it has splits by category, expected plain ones".to_owned());
    }
    if let Some(feature) = tree
        .split_indices
        .iter()
        .find(|&&feature| feature >= features)
    {
        return Err(format!(
            "split_indices has {feature}, expected below {features}"
        ));
    }
    let numbers = [
        &tree.base_weights,
        &tree.split_conditions,
        &tree.sum_hessian,
    ];
    if numbers
        .iter()
        .any(|values| values.iter().any(|value| !value.is_finite()))
    {
        return Err("it has a number that is not finite".to_owned());
    }
    check_children(tree, nodes)
}

/// A child comes after its node and is the child of no other: so no path is without end, and none
/// leads out of the tree.
fn check_children(tree: &Tree, nodes: usize) -> Result<(), String> {
    let mut seen = vec![false; nodes];
    for node in 0..nodes {
        let children = [tree.left_children[node], tree.right_children[node]];
        if children == [-1, -1] {
            continue;
        }
        for child in children {
            let place = usize::try_from(child).ok().filter(|&child| child > node);
            let found = place.and_then(|place| seen.get_mut(place));
            if found.is_none_or(|seen| std::mem::replace(seen, true)) {
                return Err(format!(
                    "node {node} has the child {child}, which it cannot have"
                ));
            }
            let parent = place.and_then(|place| tree.parents.get(place));
            if parent.is_none_or(|&parent| usize::try_from(parent) != Ok(node)) {
                return Err(format!("node {child} has another parent than node {node}"));
            }
        }
    }
    Ok(())
}

fn is(name: &str, found: &str, expected: &str) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{name} is {found}, expected {expected}")),
    }
}

fn number(name: &str, text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| format!("{name} is {text}, expected a number up to {most}"))
}
