//! What a run says beside its scores.

use std::collections::BTreeMap;

use terminal::Table;

use crate::config::VolatilityConfig;
use crate::{Coefficient, Parameters, Refit, VolatilityModel};

/// How the model was refitted, its coefficients, and which coins it could not be fitted to.
pub(crate) fn texts(models: &[(usize, VolatilityModel)], config: &VolatilityConfig) -> Vec<String> {
    let every = config.shared.split.refit_every;
    let refits = every.map(|every| format!("The model is refitted every {every}."));
    let table = coefficients(models);
    let unfitted = unfitted(models);
    [refits, table, unfitted].into_iter().flatten().collect()
}

/// A row a coefficient, a column a fold, that of its last refit; None where coins share no number.
fn coefficients(models: &[(usize, VolatilityModel)]) -> Option<String> {
    let last = |model: &VolatilityModel| -> Vec<Coefficient> {
        let refit = model.refits.last();
        refit.map_or_else(Vec::new, |refit| refit.parameters.shared.clone())
    };
    let folds: Vec<(usize, Vec<Coefficient>)> = (models.iter())
        .map(|(fold, model)| (*fold, last(model)))
        .collect();
    let names = folds.first()?.1.iter().map(|number| number.name.clone());
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return None;
    }
    let header = folds.iter().map(|(fold, _)| format!("fold {fold}"));
    let mut table = Table::new(["coefficient".to_owned()].into_iter().chain(header));
    for (place, name) in names.iter().enumerate() {
        let cell = |(_, numbers): &(usize, Vec<Coefficient>)| {
            numbers.get(place).map_or_else(String::new, in_words)
        };
        table.push(name, folds.iter().map(cell));
    }
    Some(format!(
        "Coefficients, with their standard errors (all rows of a day taken together; targets of days less than a horizon \
         apart share returns, so that the true errors are larger):\n{}",
        table.render().trim_end()
    ))
}

/// A coefficient and its error.
fn in_words(number: &Coefficient) -> String {
    let value = number.value;
    number.error.map_or_else(
        || format!("{value:.4}"),
        |error| format!("{value:.4} ({error:.4})"),
    )
}

/// How often a coin's model could not be fitted, by the reason.
fn unfitted(models: &[(usize, VolatilityModel)]) -> Option<String> {
    let refits = || models.iter().flat_map(|(_, model)| &model.refits);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (reason, count) in refits().flat_map(|refit| &refit.parameters.unfitted) {
        *reasons.entry(reason).or_default() += count;
    }
    let failed: usize = reasons.values().sum();
    let fitted = |refit: &Refit| {
        let Parameters {
            coins, unfitted, ..
        } = &refit.parameters;
        coins.len() + unfitted.values().sum::<usize>()
    };
    let all: usize = refits().map(fitted).sum();
    let reasons = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"));
    let reasons: Vec<String> = reasons.collect();
    (failed > 0).then(|| {
        format!(
            "Of {all} fits {failed} fell back to the exponentially weighted mean: {}.",
            reasons.join(", ")
        )
    })
}
