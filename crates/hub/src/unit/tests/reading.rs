use super::SMALL;
use crate::unit::{Org, Promise, toml};

fn problems(text: &str) -> Vec<toml::Problem> {
    toml::read(text).expect_err("it should be refused").0
}

/// The small organisation with one piece of its text replaced.
fn with(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "`{old}` is not in the sample");
    SMALL.replacen(old, new, 1)
}

#[test]
fn a_right_file_is_read() {
    let file = toml::read(SMALL).unwrap();
    assert_eq!((file.units.len(), file.members.len(), file.handles.len()), (6, 2, 1));
    assert!(file.units[0].takes_unroutable, "the first root, since nobody says so");
    assert_eq!(file.members[0].email, "ana@acme.example");
    assert_eq!(file.promises[&(Some("repairs".into()), Promise::FirstResponse)], 90);
    assert_eq!(file.promises[&(None, Promise::Resolution)], 3 * 480);
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let file = toml::read(SMALL).unwrap();
    let text = toml::write(&file);
    assert_eq!(toml::read(&text).unwrap(), file);
    assert_eq!(toml::write(&toml::read(&text).unwrap()), text);
}

#[test]
fn the_sample_organisation_is_read_and_written() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../dandelion/sample/org.toml");
    let file = toml::read(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|e| panic!("{e}"));
    assert!(file.units.len() >= 8 && file.members.len() >= 8);
    assert_eq!(toml::read(&toml::write(&file)).unwrap(), file);
}

#[test]
fn each_mistake_is_told_with_its_line_and_what_to_do() {
    let line_of = |text: &str, part: &str| text.lines().position(|line| line.contains(part)).map(|at| at + 1);
    for (old, new, path, says) in [
        ("parent = \"head-office\"", "parent = \"hed-office\"", "unit.kettles.parent", "did you mean \"head-office\""),
        ("parent = \"zagreb\"", "parent = \"retail-hr\"", "unit.retail-hr.parent", "circle: retail-hr → retail-hr"),
        (
            "country = \"HR\"",
            "country = \"HR\"\ntakes_unroutable = \"yes\"",
            "unit.zagreb.takes_unroutable",
            "true or false",
        ),
        ("country = \"HR\"", "country = \"Croatia\"", "unit.zagreb.country", "two letters"),
        ("time_zone = \"Europe/Berlin\"\nweek", "time_zone = \"Europe/Berln\"\nweek", "hours.hq.time_zone", "IANA"),
        ("22:00-06:00", "22:00-25:00", "hours.hq.week.fri[1]", "`25:00` is not a time of day"),
        ("\"13:00-17:00\"", "\"11:00-17:00\"", "hours.hq.week.mon", "overlap"),
        ("ACM-999999", "ACM", "organisation.order_numbers[1]", "4 to 40 letters and digits"),
        ("ACM-999999", "AAAA", "organisation.order_numbers[1]", "met by words"),
        ("2026-12-25", "2026-12-32", "hours.hq.holidays[1]", "no date"),
        ("key = \"kettles\"", "key = \"head-office\"", "unit.head-office", "already used at line 14"),
        ("role = \"agent\"", "role = \"boss\"", "member.ana.roles[2].role", "viewer, agent, approver, lead, admin"),
        ("unit = \"retail-hr\", role", "unti = \"retail-hr\", role", "member.ivo.roles[1]", "did you mean `unit`?"),
        ("email = \"ivo@acme.example\"", "email = \"ana@acme.example\"", "member.ivo", "already used at line"),
        ("email = \"ivo@acme.example\"", "email = \"ivo\"", "member.ivo.email", "no e-mail address"),
        ("purpose = \"care\"", "purpose = \"fun\"", "handle.care.purpose", "care, news, sales"),
        ("env:DANDELION_CARE", "hunter2", "handle.care.secret", "not written into files"),
        ("https://demo.example", "https://me:pw@demo.example", "handle.care.address", "use `secret`"),
        ("keys_hours = 48", "keys_hours = 0", "handle.care.keys_hours", "from 1 to 8760"),
        ("keys_hours = 48", "keys_hours = 1.5", "handle.care.keys_hours", "a whole number"),
        ("kind = \"demo\"", "kind = \"fax\"", "handle.care.kind", "\"webhook\""),
        (
            "approval = \"press\"\n\n[targets]",
            "approval = \"pres\"\n\n[targets]",
            "handle.care.approval",
            "did you mean \"press\"",
        ),
        ("network = \"demo\"", "network = \"de mo\"", "handle.care.network", "not a network name"),
        ("first_response = \"90m\"", "first_response = \"soon\"", "target.first_response", "business time"),
        ("to = \"repairs\"", "to = 7", "route[1].to", "a text in quotes"),
        ("[organisation]\nname", "[organisation]\ntitle", "organisation", "`name` is missing"),
        ("aliases = [\"K2\", ", "aliases = [\"\", ", "product.kettle-k2.aliases[1]", "it is empty"),
    ] {
        let text = with(old, new);
        let found = problems(&text);
        let problem = found.iter().find(|problem| problem.what.contains(says));
        let problem = problem.unwrap_or_else(|| panic!("nothing says `{says}`: {found:#?}"));
        assert!(problem.path.replace("[1].first", ".first").contains(path), "{problem}");
        assert!(problem.line.is_some(), "{problem}");
        if !new.contains('\n') && !says.contains("already") && !says.contains("overlap") && !says.contains("circle") {
            assert_eq!(problem.line, line_of(&text, new), "{problem}");
        }
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let text = with("kind = \"hub\"\ncountry = \"DE\"", "kind = \"wheel\"\ncountry = \"Germany\"")
        .replace("unit = \"kettles\"", "unit = \"ketles\"")
        .replace("22:00-06:00", "late");
    let found = problems(&text);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found.is_sorted_by_key(|problem| problem.line));
    let first = text.lines().position(|line| line.contains("late")).unwrap() + 1;
    let told = toml::Problems(found).to_string();
    assert!(told.starts_with(&format!("4 things are wrong; nothing was changed\n  line {first}: ")), "{told}");
}

#[test]
fn two_takers_and_a_spoke_that_takes_are_refused() {
    let two = with("key = \"zagreb\"", "takes_unroutable = true\nkey = \"zagreb\"").replacen(
        "key = \"head-office\"",
        "key = \"head-office\"\ntakes_unroutable = true",
        1,
    );
    assert!(problems(&two)[0].what.contains("\"head-office\" already does"));
    let spoke = with("key = \"press\"", "takes_unroutable = true\nkey = \"press\"");
    assert!(problems(&spoke)[0].what.contains("must be a hub"));
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let found = problems("[organisation]\nname = \"A\nb = = 1\n");
    assert!(found.iter().any(|problem| problem.line == Some(2) && problem.what.contains("not TOML")), "{found:#?}");
    assert!(problems("").iter().any(|problem| problem.path == "organisation"));
    assert!(problems(&"x".repeat(toml::MAX_BYTES + 1))[0].what.contains("at most"));
}

#[test]
fn ids_count_in_the_files_order() {
    let org = Org::from_toml(SMALL).unwrap();
    assert_eq!(org.unit_by_key("repairs").unwrap().parent, Some(1));
    assert_eq!(org.approval_of(3), Some(4));
    assert_eq!(org.handle_named("demo", "ACME_care").unwrap().owner, Some(1));
    assert_eq!(org.promised(3, Promise::FirstResponse), Some(90));
    assert_eq!(org.promised(2, Promise::FirstResponse), Some(240));
    assert_eq!(org.promised(2, Promise::NextResponse), None);
    assert_eq!(org.hub().unwrap().id, 1);
    assert_eq!(org.lexicon().products.len(), 2);
    assert!(org.hours_of(2).is_some(), "inherited");
    assert!(org.hours_of(6).is_none(), "nobody above has any");
}
