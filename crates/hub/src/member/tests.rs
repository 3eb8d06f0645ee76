use std::collections::BTreeSet;
use std::time::Duration;

use super::{api_token, invitation, password, session, *};
use crate::{
    both_stores,
    log::{self, Actor},
    testing::TestHub,
    unit::{self, tests::SMALL},
};

const COMMAND: Actor = Actor::System("command");
const HOUR: Micros = 3_600_000_000;
const GOOD: &str = "correct horse battery staple";

async fn start(hub: &TestHub) -> (Org, Viewer, Viewer) {
    unit::import(hub, COMMAND, SMALL).await.unwrap();
    (Org::load(&hub.db).await.unwrap(), viewer_of(hub, "ana").await, viewer_of(hub, "ivo").await)
}

async fn viewer_of(hub: &TestHub, key: &str) -> Viewer {
    viewer(hub, by_key(&hub.db, key).await.unwrap().unwrap().id).await.unwrap()
}

/// Gives a member a password through an invitation, as a person gets theirs.
async fn with_password(hub: &TestHub, member: i64) -> session::Started {
    let token = invitation::make(hub, COMMAND, invitation::Purpose::Password, Some(member)).await.unwrap();
    invitation::choose_password(hub, &token, GOOD, "test").await.unwrap()
}

async fn kinds(hub: &TestHub, noun: &str, id: i64) -> Vec<String> {
    log::of(&hub.db, noun, id).await.unwrap().into_iter().map(|event| event.kind).collect()
}

both_stores!(a_password_signs_in_and_anything_else_does_not, |hub| async move {
    let (_, ana, ivo) = start(&hub).await;
    with_password(&hub, ana.member).await;
    let started = session::sign_in(&hub, " ANA@acme.example ", GOOD, "Firefox\n", None).await.unwrap();
    assert_eq!(started.session.agent, "Firefox");
    let found = session::of_token(&hub, &started.token).await.unwrap().unwrap();
    assert_eq!(found, started.session);
    let mut told = BTreeSet::new();
    for (email, password) in [
        ("ana@acme.example", "wrong"),
        ("nobody@acme.example", GOOD),
        ("ivo@acme.example", GOOD),
        ("ana@acme.example", &"x".repeat(2000)),
    ] {
        told.insert(session::sign_in(&hub, email, password, "", None).await.unwrap_err().to_string());
    }
    assert_eq!(told.len(), 1, "the same words, whatever was wrong: {told:?}");
    assert!(!find(&hub.db, ivo.member).await.unwrap().has_password);
    let hash: String = hub
        .db
        .one(q!("select password from members where id = $1", ana.member))
        .await
        .unwrap()
        .get("password")
        .unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
});

both_stores!(a_session_is_rotated_and_ends, |hub| async move {
    let (_, ana, _) = start(&hub).await;
    let first = with_password(&hub, ana.member).await;
    let second = session::sign_in(&hub, "ana@acme.example", GOOD, "", Some(&first.token)).await.unwrap();
    assert!(session::of_token(&hub, &first.token).await.unwrap().is_none(), "the one before is over");
    assert_ne!(first.token, second.token);
    let stored = hub.db.one(q!("select token_hash from sessions where id = $1", second.session.id)).await.unwrap();
    assert_ne!(stored.get::<Vec<u8>, _>("token_hash").unwrap(), second.token.as_bytes());
    // Used every eleven hours it lives, but not beyond fourteen days.
    let mut alive = 0;
    while session::of_token(&hub, &second.token).await.unwrap().is_some() {
        hub.clock.advance(11 * HOUR);
        alive += 11;
    }
    assert_eq!(alive, 14 * 24 / 11 * 11 + 11);
    let third = session::sign_in(&hub, "ana@acme.example", GOOD, "", None).await.unwrap();
    hub.clock.advance(session::IDLE);
    assert!(session::of_token(&hub, &third.token).await.unwrap().is_none(), "unused for twelve hours");
    assert_eq!(kinds(&hub, "session", first.session.id).await, ["session.started", "session.ended"]);
});

both_stores!(sessions_are_ended_by_their_owner, |hub| async move {
    let (_, ana, ivo) = start(&hub).await;
    let here = with_password(&hub, ana.member).await;
    let there = session::sign_in(&hub, "ana@acme.example", GOOD, "", None).await.unwrap();
    let third = session::sign_in(&hub, "ana@acme.example", GOOD, "", None).await.unwrap();
    assert_eq!(session::list(&hub, &ana).await.unwrap().len(), 3);
    assert!(matches!(session::end(&hub, &ivo, there.session.id).await, Err(Error::NotFound { .. })));
    session::end(&hub, &ana, there.session.id).await.unwrap();
    assert!(matches!(session::end(&hub, &ana, there.session.id).await, Err(Error::NotFound { .. })));
    assert_eq!(session::end_others(&hub, &ana, here.session.id).await.unwrap(), 1);
    assert!(session::of_token(&hub, &third.token).await.unwrap().is_none());
    assert!(session::of_token(&hub, &here.token).await.unwrap().is_some());
    session::sign_in(&hub, "ana@acme.example", GOOD, "", None).await.unwrap();
    let wrong = change_password(&hub, &ana, "wrong", "another good one", here.session.id).await.unwrap_err();
    assert!(wrong.to_string().contains("old password is not right"));
    change_password(&hub, &ana, GOOD, "another good one", here.session.id).await.unwrap();
    assert_eq!(session::list(&hub, &ana).await.unwrap().len(), 1, "a new password ends the others");
    assert!(session::sign_in(&hub, "ana@acme.example", GOOD, "", None).await.is_err());
});

both_stores!(an_invitation_works_once_and_not_for_long, |hub| async move {
    use invitation::Purpose;
    let (_, ana, ivo) = start(&hub).await;
    let token = invitation::make(&hub, COMMAND, Purpose::SignIn, Some(ivo.member)).await.unwrap();
    assert!(invitation::works(&hub, &token, Purpose::SignIn).await.unwrap());
    assert!(invitation::choose_password(&hub, &token, GOOD, "").await.is_err(), "made for something else");
    let started = invitation::sign_in(&hub, &token, "", None).await.unwrap();
    assert_eq!(started.session.member, ivo.member);
    let twice = invitation::sign_in(&hub, &token, "", None).await.unwrap_err().to_string();
    assert!(twice.contains("does not work any more"), "{twice}");
    let old = invitation::make(&hub, COMMAND, Purpose::SignIn, Some(ivo.member)).await.unwrap();
    hub.clock.advance(HOUR);
    assert!(invitation::sign_in(&hub, &old, "", None).await.is_err(), "too old");
    let replaced = invitation::to_choose_password(&hub, &ana, ivo.member).await.unwrap();
    let token = invitation::to_choose_password(&hub, &ana, ivo.member).await.unwrap();
    assert!(invitation::choose_password(&hub, &replaced, GOOD, "").await.is_err());
    let short = invitation::choose_password(&hub, &token, "short", "").await.unwrap_err().to_string();
    assert!(short.contains("at least 10 characters; it has 5"), "{short}");
    invitation::choose_password(&hub, &token, GOOD, "").await.unwrap();
    assert!(session::of_token(&hub, &started.token).await.unwrap().is_none(), "a new password ends every session");
    assert!(matches!(invitation::to_choose_password(&hub, &ivo, ana.member).await, Err(Error::Forbidden(_))));
    let late = invitation::make(&hub, COMMAND, Purpose::SignIn, Some(ivo.member)).await.unwrap();
    disable(&hub, &ana, ivo.member).await.unwrap();
    assert!(invitation::sign_in(&hub, &late, "", None).await.is_err(), "disabled since");
});

both_stores!(a_new_installation_is_set_up_once, |hub| async move {
    use invitation::{Purpose, Setup};
    assert!(invitation::setup_needed(&hub).await.unwrap());
    let wanted = Setup {
        organisation: "Acme".into(),
        time_zone: "Europe/Berlin".into(),
        name: "Ana Kovač".into(),
        email: "Ana@Acme.example".into(),
        password: GOOD.into(),
    };
    let token = invitation::make(&hub, COMMAND, Purpose::Setup, None).await.unwrap();
    for (wrong, says) in [
        (Setup { email: "ana".into(), ..wanted.clone() }, "email: this is no e-mail address"),
        (Setup { time_zone: "Berlin".into(), ..wanted.clone() }, "time_zone: no such time zone"),
        (Setup { organisation: String::new(), ..wanted.clone() }, "organisation: it is empty"),
        (Setup { password: "ana@acme.example".into(), ..wanted.clone() }, "it is your e-mail address"),
    ] {
        let told = invitation::set_up(&hub, &token, wrong, "").await.unwrap_err().to_string();
        assert!(told.contains(says), "{told}");
    }
    let started = invitation::set_up(&hub, &token, wanted.clone(), "").await.unwrap();
    let viewer = viewer(&hub, started.session.member).await.unwrap();
    let org = Org::load(&hub.db).await.unwrap();
    assert_eq!((org.name.as_str(), org.hub().unwrap().name.as_str()), ("Acme", "Head office"));
    assert!(viewer.may(Role::Admin, org.hub().unwrap().id));
    assert!(!invitation::setup_needed(&hub).await.unwrap());
    let again = invitation::make(&hub, COMMAND, Purpose::Setup, None).await.unwrap();
    let told = invitation::set_up(&hub, &again, wanted, "").await.unwrap_err().to_string();
    assert!(told.contains("has an administrator already"), "{told}");
    session::sign_in(&hub, "ana@acme.example", GOOD, "", None).await.unwrap();
    let text = unit::export(&hub.db).await.unwrap();
    assert!(unit::import(&hub, COMMAND, &text).await.unwrap().is_empty());
});

fn details(email: &str, roles: &[(i64, Role)]) -> Details {
    Details { key: String::new(), name: "Zoë Ω".into(), email: email.into(), roles: roles.iter().copied().collect() }
}

both_stores!(members_are_changed_by_administrators_of_their_units, |hub| async move {
    let (org, ana, ivo) = start(&hub).await;
    let unit = |key: &str| org.unit_by_key(key).unwrap().id;
    let (press, zagreb) = (unit("press"), unit("zagreb"));
    assert!(matches!(add(&hub, &ivo, details("z@acme.example", &[])).await, Err(Error::Forbidden(_))));
    let zoe = add(&hub, &ana, details("Z@acme.example", &[(press, Role::Agent)])).await.unwrap();
    let second = add(&hub, &ana, details("z2@acme.example", &[])).await.unwrap();
    let keys = (find(&hub.db, zoe).await.unwrap().key, find(&hub.db, second).await.unwrap().key);
    assert_eq!(keys, ("zo".to_owned(), "zo-2".to_owned()));
    let taken = add(&hub, &ana, details("z@acme.example", &[])).await.unwrap_err().to_string();
    assert!(taken.contains("another member has this e-mail address"), "{taken}");
    // An administrator of one branch reaches nobody and grants nothing outside it.
    change(&hub, &ana, second, details("z2@acme.example", &[(zagreb, Role::Admin)])).await.unwrap();
    let branch = viewer(&hub, second).await.unwrap();
    disable(&hub, &branch, ivo.member).await.unwrap();
    for refused in [
        disable(&hub, &branch, ana.member).await,
        change(&hub, &branch, zoe, details("z@acme.example", &[(press, Role::Agent)])).await,
        change(&hub, &branch, second, details("z2@acme.example", &[(zagreb, Role::Admin), (press, Role::Viewer)]))
            .await,
        add(&hub, &branch, details("z3@acme.example", &[(press, Role::Viewer)])).await.map(drop),
        invitation::to_choose_password(&hub, &branch, ana.member).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    change(&hub, &ana, zoe, details("z@acme.example", &[(press, Role::Approver)])).await.unwrap();
    assert_eq!(viewer(&hub, zoe).await.unwrap().role_in(press), Some(Role::Approver));
    assert_eq!(in_unit(&hub.db, &org, press, Role::Approver).await.unwrap().len(), 2, "Ana from above, and Zoë");
    disable(&hub, &ana, zoe).await.unwrap();
    assert_eq!(in_unit(&hub.db, &org, press, Role::Approver).await.unwrap().len(), 1);
    assert!(matches!(disable(&hub, &ana, zoe).await, Err(Error::Conflict(_))));
    enable(&hub, &ana, zoe).await.unwrap();
    let events = kinds(&hub, "member", zoe).await;
    assert_eq!(events, ["member.added", "member.changed", "member.disabled", "member.enabled"]);
});

both_stores!(the_last_administrator_stays, |hub| async move {
    let (org, ana, _) = start(&hub).await;
    let head = org.hub().unwrap().id;
    let alone = disable(&hub, &ana, ana.member).await.unwrap_err().to_string();
    assert!(alone.contains("Make somebody else an administrator first"), "{alone}");
    let demoted = change(&hub, &ana, ana.member, details("ana@acme.example", &[(head, Role::Lead)])).await;
    assert!(matches!(demoted, Err(Error::Conflict(_))));
    assert!(viewer(&hub, ana.member).await.unwrap().may(Role::Admin, head), "it was undone");
    add(&hub, &ana, details("z@acme.example", &[(head, Role::Admin)])).await.unwrap();
    disable(&hub, &ana, ana.member).await.unwrap();
});

both_stores!(a_token_does_no_more_than_it_says, |hub| async move {
    let (org, ana, ivo) = start(&hub).await;
    let scopes = |list: &[api_token::Scope]| list.iter().copied().collect::<BTreeSet<_>>();
    let read = scopes(&[api_token::Scope::Read]);
    let (secret, made) = api_token::make(&hub, &ana, "reports", Role::Viewer, read.clone(), Some(1)).await.unwrap();
    assert!(secret.starts_with(api_token::PREFIX) && secret.len() > 40);
    let (token, viewer) = api_token::of_secret(&hub, &secret).await.unwrap().unwrap();
    assert_eq!((token.id, viewer.role_in(org.hub().unwrap().id)), (made.id, Some(Role::Viewer)));
    assert!(token.need(api_token::Scope::Read).is_ok());
    assert!(token.need(api_token::Scope::Write).unwrap_err().to_string().contains("no scope “write”"));
    assert_eq!(api_token::list(&hub, &ana).await.unwrap()[0].used_at, Some(hub.now()));
    assert!(api_token::of_secret(&hub, "dnd_x").await.unwrap().is_none());
    assert!(matches!(
        api_token::make(&hub, &ivo, "more", Role::Admin, read.clone(), None).await,
        Err(Error::Forbidden(_))
    ));
    assert!(api_token::make(&hub, &ana, "none", Role::Viewer, scopes(&[]), None).await.is_err());
    assert!(api_token::make(&hub, &ana, "long", Role::Viewer, read.clone(), Some(9999)).await.is_err());
    assert!(matches!(api_token::revoke(&hub, &ivo, made.id).await, Err(Error::NotFound { .. })));
    hub.clock.advance(24 * HOUR);
    assert!(api_token::of_secret(&hub, &secret).await.unwrap().is_none(), "it expired");
    let (secret, made) = api_token::make(&hub, &ana, "again", Role::Agent, read, None).await.unwrap();
    api_token::revoke(&hub, &ana, made.id).await.unwrap();
    assert!(api_token::of_secret(&hub, &secret).await.unwrap().is_none(), "it was revoked");
    assert_eq!(kinds(&hub, "token", made.id).await, ["token.made", "token.revoked"]);
});

both_stores!(whoever_is_disabled_is_out_at_once, |hub| async move {
    let (org, ana, _) = start(&hub).await;
    let press = org.unit_by_key("press").unwrap().id;
    let zoe = add(&hub, &ana, details("z@acme.example", &[(press, Role::Agent)])).await.unwrap();
    let started = with_password(&hub, zoe).await;
    let viewer = viewer(&hub, zoe).await.unwrap();
    let read = [api_token::Scope::Read].into();
    let (secret, _) = api_token::make(&hub, &viewer, "t", Role::Viewer, read, None).await.unwrap();
    disable(&hub, &ana, zoe).await.unwrap();
    assert!(session::of_token(&hub, &started.token).await.unwrap().is_none());
    assert!(api_token::of_secret(&hub, &secret).await.unwrap().is_none());
    assert!(session::sign_in(&hub, "z@acme.example", GOOD, "", None).await.is_err());
    enable(&hub, &ana, zoe).await.unwrap();
    assert!(session::of_token(&hub, &started.token).await.unwrap().is_none(), "an ended session stays ended");
    assert!(session::sign_in(&hub, "z@acme.example", GOOD, "", None).await.is_ok());
});

#[test]
fn passwords_follow_the_rules() {
    for (bad, says) in [
        ("short", "at least 10 characters; it has 5"),
        (&"é".repeat(501) as &str, "at most 1000 bytes; it has 1002"),
        ("Ana.Kovac@acme.example", "it is your e-mail address"),
        ("Ana.Kovac ", "it is your e-mail address"),
        ("1234567890", "first that are tried"),
        ("aaaaaaaaaaaa", "first that are tried"),
    ] {
        let told = password::check(bad, "ana.kovac@acme.example").unwrap_err().to_string();
        assert!(told.contains(says), "{told}");
        assert!(!told.contains(bad), "the password is not repeated");
    }
    for good in [GOOD, "zehn zeichen", "пароль из слов", "🫖🫖🫙🫖🫖🫙🫖🫖🫙🫖"] {
        password::check(good, "ana@acme.example").unwrap();
    }
}

#[tokio::test]
async fn an_unknown_name_costs_as_much_as_a_wrong_password() {
    let random = crate::Random::seeded(1);
    let hash = password::hash(&random, GOOD).await.unwrap();
    assert_ne!(hash, password::hash(&random, GOOD).await.unwrap(), "salted");
    assert!(password::verify(GOOD, Some(hash.clone())).await.unwrap());
    assert!(!password::verify("nobody signs in with this", None).await.unwrap());
    let time = async |stored: Option<String>| {
        let start = std::time::Instant::now();
        password::verify("wrong password", stored).await.unwrap();
        start.elapsed()
    };
    // In turns, and the quickest of several: whatever else the machine does slows both.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..8 {
        known = known.min(time(Some(hash.clone())).await);
        unknown = unknown.min(time(None).await);
    }
    assert!(unknown > known / 4, "unknown {unknown:?}, known {known:?}");
}
