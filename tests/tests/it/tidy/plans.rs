//! Statements are planned once, for any values (`force_generic_plan`); a list of which several
//! conditions may be absent then reads the whole tenant, whatever index there is.

use super::{
    assert_none, root,
    tree::{Source, sources},
};

/// One condition that may be absent is narrowed by those that are always there.
const OPTIONAL_MAX: usize = 1;
/// Columns that indexes begin with.
const KEYS: [&str; 4] = ["uuid", "uuid[]", "text", "text[]"];

fn complaints(sources: &[Source]) -> Vec<String> {
    let stores = sources
        .iter()
        .filter(|source| source.path.contains("/src/store/") && source.has_extension(&["rs"]));
    let mut complaints = Vec::new();
    for store in stores {
        for function in store.text.split("async fn ").skip(1) {
            let optional: usize = KEYS
                .iter()
                .map(|key| function.matches(&format!("::{key} IS NULL OR")).count())
                .sum();
            if optional > OPTIONAL_MAX && !function.contains("plan_each") {
                let name = function.split(['(', '<']).next().unwrap_or_default();
                complaints.push(format!(
                    "{}: {name} is planned for no condition",
                    store.path
                ));
            }
        }
    }
    complaints
}

#[test]
fn lists_with_several_optional_conditions_are_planned_for_those_there_are() {
    assert_none(&complaints(&sources(&root())));
}

#[test]
fn a_list_that_is_planned_for_no_condition_is_found() {
    let list = "pub(crate) async fn a_list() {\n AND ($1::uuid IS NULL OR a = $1)\n \
                AND ($2::text[] IS NULL OR b = ANY ($2))\n}\n";
    let path = "services/a/src/store/a.rs";
    let said = complaints(&[Source::new(path, list)]);
    assert_eq!(
        said,
        [format!("{path}: a_list is planned for no condition")]
    );
    let planned = list.replace("{\n", "{\n Database::plan_each(connection).await?;\n");
    let one = list.replace("::uuid IS NULL OR", "");
    for fine in [planned, one] {
        assert_eq!(complaints(&[Source::new(path, &fine)]), [""; 0]);
    }
}
