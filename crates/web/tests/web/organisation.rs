//! The pages of the organisation: units, members, tokens, one's own account.

use axum::http::{Method, StatusCode, header};
use dandelion_hub::member::{self, api_token};

use crate::support::{Answer, Browser, Installation, PASSWORD, PRESS, REPAIRS};

/// Posts a form with the token of this browser's session.
async fn send(at: &Installation, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = browser.csrf(at);
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    browser.post(path, &all).await
}

/// Follows a redirect and gives the page.
async fn follow(browser: &mut Browser, answer: &Answer) -> Answer {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let to = answer.header(header::LOCATION).to_owned();
    browser.get(&to).await
}

/// What stands in the one `<code id="secret">`.
fn secret(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("<code id=\"secret\">").unwrap_or_else(|| panic!("{}", page.text));
    rest.split('<').next().unwrap().to_owned()
}

/// The text of the alert.
fn alert(page: &Answer) -> &str {
    let (_, rest) = page.text.split_once("role=\"alert\">").unwrap_or_else(|| panic!("no alert: {}", page.text));
    rest.split('<').next().unwrap()
}

#[tokio::test]
async fn every_page_asks_who_is_there_and_every_form_its_token() {
    let at = Installation::new().await;
    for path in [
        "/results",
        "/organisation",
        "/organisation/org.toml",
        "/units/repairs",
        "/members",
        "/handles",
        "/handles/care",
        "/tokens",
        "/account",
    ] {
        let answer = at.browser().get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header(header::LOCATION).starts_with("/session/new?next="), "{path}");
        let answer = at.signed_in("root").await.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    let forms = [
        "/members",
        "/members/ana",
        "/members/ana/disabling",
        "/members/ana/enabling",
        "/members/ana/password-link",
        "/handles/care",
        "/tokens",
        "/tokens/1/revocation",
        "/account/password",
        "/account/sessions/1/end",
        "/account/sessions/end",
    ];
    let mut root = at.signed_in("root").await;
    for path in forms {
        let fields = [("name", "Eva"), ("email", "eva@example.org"), ("password", "a long enough one")];
        let answer = root.post(path, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.text);
        assert!(answer.text.contains("did not come from this site"), "{path}");
    }
    let answer = upload(&mut root, None, "[organisation]").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    assert!(member::by_email(&at.hub.db, "eva@example.org").await.unwrap().is_none());
    assert_eq!(root.get("/members").await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn everybody_sees_the_tree_but_only_what_waits_in_their_own_units() {
    let at = Installation::new().await;
    let (mut root, mut ana) = (at.signed_in("root").await, at.signed_in("ana").await);
    let page = root.get("/organisation").await;
    for words in ["Acme", "1 hub and 2 spokes", "href=\"/units/press\"", "Take out org.toml"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(page.text.matches("nothing waits").count(), 3);
    let page = ana.get("/organisation").await;
    assert!(page.text.contains("Press office") && !page.text.contains("Take out org.toml"), "{}", page.text);
    assert_eq!(page.text.matches("nothing waits").count(), 1, "of units out of sight nothing is said");

    let page = ana.get("/units/repairs").await;
    for words in ["Nothing waits.", "lead", "admin, through Head office", "leak*, repair*", "@acme_care", "Ana @ana"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert!(page.text.contains("ana@example.org") && !page.text.contains("lea@example.org"), "one's own address only");
    let page = ana.get("/units/press").await;
    assert!(page.text.contains("its cases are not shown to you"), "{}", page.text);
    assert_eq!(ana.get("/units/nowhere").await.status, StatusCode::NOT_FOUND);
    assert!(!ana.get("/members").await.text.contains("lea@example.org"));
    assert!(root.get("/members").await.text.contains("lea@example.org"));
}

#[tokio::test]
async fn order_numbers_are_said_a_line_each_by_whoever_administers() {
    let at = Installation::new().await;
    let (mut root, mut lea) = (at.signed_in("root").await, at.signed_in("lea").await);
    let path = "/organisation/order-numbers";
    let refused = send(&at, &mut lea, path, &[("patterns", "HB-999999")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let done = send(&at, &mut root, path, &[("patterns", " HB-999999\r\n\r\nRMA 9999 ")]).await;
    let page = follow(&mut root, &done).await;
    assert!(page.text.contains("HB-999999\nRMA 9999</textarea>"), "{}", page.text);
    assert!(root.get("/organisation/org.toml").await.text.contains("order_numbers = [\"HB-999999\", \"RMA 9999\"]"));
    let refused = send(&at, &mut root, path, &[("patterns", "AAAA")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alert(&refused).contains("met by words"), "{}", alert(&refused));
    let done = send(&at, &mut root, path, &[("patterns", "")]).await;
    assert!(follow(&mut root, &done).await.text.contains("No numbers of our own"));
}

async fn upload(browser: &mut Browser, csrf: Option<&str>, file: &str) -> Answer {
    let csrf = csrf.map_or_else(String::new, |csrf| {
        format!("--cut\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n")
    });
    let body = format!(
        "{csrf}--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"org.toml\"\r\n\r\n{file}\r\n--cut--\r\n"
    );
    browser.send(Method::POST, "/organisation/import", "multipart/form-data; boundary=cut", body.into()).await
}

#[tokio::test]
async fn the_organisation_goes_out_as_a_file_and_comes_in_again() {
    let at = Installation::new().await;
    let mut root = at.signed_in("root").await;
    let file = root.get("/organisation/org.toml").await;
    assert!(file.header(header::CONTENT_DISPOSITION).contains("org.toml"));
    let csrf = root.csrf(&at);
    let same = upload(&mut root, Some(&csrf), &file.text).await;
    assert!(follow(&mut root, &same).await.text.contains("Nothing changed"));

    let renamed = file.text.replace("Press office", "Newsroom");
    assert_ne!(renamed, file.text);
    let done = upload(&mut root, Some(&csrf), &renamed).await;
    let page = follow(&mut root, &done).await;
    assert!(page.text.contains("changed 1") && page.text.contains("Newsroom"), "{}", page.text);

    let broken = file.text.replace("parent = \"head-office\"", "parent = \"hed-office\"");
    let refused = upload(&mut root, Some(&csrf), &broken).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(alert(&refused).contains("hed-office"), "{}", alert(&refused));
    assert!(root.get("/units/press").await.text.contains("Newsroom"), "nothing of it was taken");
    let refused = upload(&mut root, Some(&csrf), "").await;
    assert!(alert(&refused).contains("No file was chosen"));

    let mut lea = at.signed_in("lea").await;
    assert_eq!(lea.get("/organisation/org.toml").await.status, StatusCode::FORBIDDEN);
    let csrf = lea.csrf(&at);
    let refused = upload(&mut lea, Some(&csrf), &file.text).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(alert(&refused).contains("import the organisation"), "{}", alert(&refused));
}

#[tokio::test]
async fn a_colleague_is_brought_in_and_chooses_a_password() {
    let at = Installation::new().await;
    let mut root = at.signed_in("root").await;
    let unit = REPAIRS.to_string();
    let eva = [("name", "Eva Lang"), ("email", "Eva@example.org"), ("unit", unit.as_str()), ("role", "agent")];
    let page = send(&at, &mut root, "/members", &eva).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let address = secret(&page);
    let path = address.strip_prefix("http://127.0.0.1:7380").expect("an address of this installation").to_owned();
    assert!(!root.get("/members").await.text.contains(&path), "shown once");
    let mut hers = at.browser();
    let csrf = hers.get(&path).await.csrf();
    let chosen = hers.post(&path, &[("csrf", &csrf), ("password", "a sentence of her own")]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.text);
    assert!(hers.get("/account").await.text.contains("agent in Repairs"));

    let again = send(&at, &mut root, "/members", &eva).await;
    assert!(again.status.is_client_error(), "{}", again.status);
    assert!(alert(&again).contains("eva@example.org"), "{}", alert(&again));
    assert!(
        again.text.contains("value=\"Eva Lang\"") && again.text.contains("value=\"Eva@example.org\""),
        "typed: kept"
    );
    let nameless = send(&at, &mut root, "/members", &[("name", " "), ("email", "x@example.org")]).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alert(&nameless).starts_with("Name: "), "{}", alert(&nameless));

    let refused = send(&at, &mut at.signed_in("lea").await, "/members", &eva).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(alert(&refused).contains("add members"), "{}", alert(&refused));
}

#[tokio::test]
async fn roles_change_and_access_ends_and_comes_back() {
    let at = Installation::new().await;
    let (mut root, mut ana) = (at.signed_in("root").await, at.signed_in("ana").await);
    assert_eq!(ana.get("/members/max").await.status, StatusCode::FORBIDDEN, "no administrator");
    assert_eq!(root.get("/members/nobody").await.status, StatusCode::NOT_FOUND);
    let (repairs, press) = (REPAIRS.to_string(), PRESS.to_string());
    let ana_as = |roles: &[(&'static str, String)]| {
        let mut fields = vec![("name", "Ana K".to_owned()), ("email", "ana@example.org".to_owned())];
        fields.extend(roles.iter().cloned());
        fields
    };
    let fields = ana_as(&[
        ("unit", repairs.clone()),
        ("role", String::new()),
        ("unit", press.clone()),
        ("role", "lead".to_owned()),
    ]);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = send(&at, &mut root, "/members/ana", &fields).await;
    assert!(follow(&mut root, &done).await.text.contains("Ana K"));
    let roles = member::by_key(&at.hub.db, "ana").await.unwrap().unwrap().roles;
    assert_eq!(roles, [(PRESS, dandelion_hub::scope::Role::Lead)].into(), "what is set to none is taken away");

    let twice = [
        ("name", "Ana"),
        ("email", "ana@example.org"),
        ("unit", "2"),
        ("role", "agent"),
        ("unit", "2"),
        ("role", "lead"),
    ];
    let refused = send(&at, &mut root, "/members/ana", &twice).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alert(&refused).contains("twice"));

    let done = send(&at, &mut root, "/members/ana/disabling", &[]).await;
    assert!(follow(&mut root, &done).await.text.contains("Let Ana K in again"));
    assert_eq!(ana.get("/account").await.status, StatusCode::SEE_OTHER, "signed out at once");
    let again = send(&at, &mut root, "/members/ana/disabling", &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(alert(&again).contains("disabled already"));
    send(&at, &mut root, "/members/ana/enabling", &[]).await;
    assert_eq!(at.browser().sign_in("ana", PASSWORD).await.status, StatusCode::SEE_OTHER);

    let last = send(&at, &mut root, "/members/root/disabling", &[]).await;
    assert_eq!(last.status, StatusCode::CONFLICT);
    assert!(alert(&last).contains("Nobody would be left"), "{}", alert(&last));
    let page = send(&at, &mut root, "/members/ana/password-link", &[]).await;
    assert!(secret(&page).contains("/password/"), "{}", page.text);
}

#[tokio::test]
async fn a_token_is_shown_once_and_can_be_ended_by_its_owner_alone() {
    let at = Installation::new().await;
    let mut ana = at.signed_in("ana").await;
    let fields = [("name", "Nightly report"), ("scope", "read"), ("scope", "write"), ("life", "30")];
    let page = send(&at, &mut ana, "/tokens", &fields).await;
    let secret = secret(&page);
    assert!(secret.starts_with(api_token::PREFIX));
    let (token, viewer) = api_token::of_secret(&at.hub, &secret).await.unwrap().expect("it works");
    assert_eq!((token.scopes.len(), viewer.member), (2, 2));
    let page = ana.get("/tokens").await;
    assert!(page.text.contains("Nightly report") && !page.text.contains(&secret), "{}", page.text);

    let none = send(&at, &mut ana, "/tokens", &[("name", "Kept <words>"), ("life", "365")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alert(&none).contains("at least one of read, write, admin"), "{}", alert(&none));
    assert!(none.text.contains("value=\"Kept &#60;words&#62;\""), "{}", none.text);
    assert!(none.text.contains("value=\"365\" selected"));
    let odd = send(&at, &mut ana, "/tokens", &[("name", "x"), ("scope", "read"), ("life", "soon")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);

    let path = format!("/tokens/{}/revocation", token.id);
    assert_eq!(send(&at, &mut at.signed_in("root").await, &path, &[]).await.status, StatusCode::NOT_FOUND);
    let done = send(&at, &mut ana, &path, &[]).await;
    assert!(follow(&mut ana, &done).await.text.contains("The token has ended"));
    assert!(api_token::of_secret(&at.hub, &secret).await.unwrap().is_none());
}

#[tokio::test]
async fn a_password_is_changed_only_with_the_one_before() {
    let at = Installation::new().await;
    let (mut ana, mut elsewhere) = (at.signed_in("ana").await, at.signed_in("ana").await);
    let new = "another sentence entirely";
    let wrong = send(&at, &mut ana, "/account/password", &[("current", "not it"), ("password", new)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(alert(&wrong).contains("old password is not right"), "{}", alert(&wrong));
    let short = send(&at, &mut ana, "/account/password", &[("current", PASSWORD), ("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = send(&at, &mut ana, "/account/password", &[("current", PASSWORD), ("password", new)]).await;
    assert!(follow(&mut ana, &done).await.text.contains("Your new password counts"));
    assert_eq!(elsewhere.get("/account").await.status, StatusCode::SEE_OTHER, "the others end");
    assert_eq!(at.browser().sign_in("ana", new).await.status, StatusCode::SEE_OTHER);

    let mut last = StatusCode::OK;
    for _ in 0..7 {
        last = send(&at, &mut ana, "/account/password", &[("current", "a guess"), ("password", new)]).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "guessing is held up here as at the door");
}

#[tokio::test]
async fn sessions_are_ended_one_by_one_and_all_at_once() {
    let at = Installation::new().await;
    let (mut ana, mut second, mut third, mut max) =
        (at.signed_in("ana").await, at.signed_in("ana").await, at.signed_in("ana").await, at.signed_in("max").await);
    let page = ana.get("/account").await;
    let listed: Vec<&str> = page.text.split("/account/sessions/").skip(1).filter_map(|s| s.split('/').next()).collect();
    let others: Vec<&&str> = listed.iter().filter(|id| id.parse::<i64>().is_ok()).collect();
    assert_eq!(others.len(), 2, "{}", page.text);
    let path = format!("/account/sessions/{}/end", others[0]);
    assert_eq!(send(&at, &mut max, &path, &[]).await.status, StatusCode::NOT_FOUND, "not somebody else's");
    let done = send(&at, &mut ana, &path, &[]).await;
    assert!(follow(&mut ana, &done).await.text.contains("signed out there"));
    assert_eq!(third.get("/account").await.status, StatusCode::SEE_OTHER, "the newest stands first");
    assert_eq!(second.get("/account").await.status, StatusCode::OK);
    let done = send(&at, &mut ana, "/account/sessions/end", &[]).await;
    assert!(follow(&mut ana, &done).await.text.contains("1 session ended"));
    assert_eq!(second.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(max.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_lead_says_who_looks_after_a_handle() {
    let at = Installation::new().await;
    let (mut lea, mut vic) = (at.signed_in("lea").await, at.signed_in("vic").await);
    let list = lea.get("/handles").await.text;
    for words in ["@acme_care", "Demo network", "helping customers", "/units/repairs", ">Ana<", "never"] {
        assert!(list.contains(words), "{words}: {list}");
    }
    assert!(!list.contains("no owner"));
    // Who may publish, with why; who has to agree; and that nothing can go out as yet.
    let shown = vic.get("/handles/care").await.text;
    for words in [
        "Ana @ana",
        "lead",
        "admin, through Head office",
        "Head office</a> approves every answer first",
        "It cannot publish yet",
        "Nothing was published from it yet",
        "A lead of Repairs can change this",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("Vic @vic") && !shown.contains("name=\"owner\""), "a viewer neither publishes nor chooses");
    assert_eq!(lea.get("/handles/nobody").await.status, StatusCode::NOT_FOUND);

    let refused = send(&at, &mut vic, "/handles/care", &[("purpose", "news")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(alert(&refused).contains("say who looks after"), "{}", alert(&refused));
    for (fields, words) in [
        (vec![("purpose", "care"), ("owner", "4"), ("deputy", "4")], "stands in for themselves"),
        (vec![("purpose", "care"), ("deputy", "4")], "name an owner first"),
        (vec![("purpose", "care"), ("owner", "x")], "choose a member"),
        (vec![("purpose", "fun")], "one of care, news, sales"),
    ] {
        let refused = send(&at, &mut lea, "/handles/care", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(alert(&refused).contains(words), "{}", alert(&refused));
    }
    let done = send(&at, &mut lea, "/handles/care", &[("purpose", "news"), ("owner", "4"), ("deputy", "2")]).await;
    let page = follow(&mut lea, &done).await.text;
    assert!(
        page.contains("Saved.") && page.contains("value=\"4\" selected") && page.contains("value=\"news\" selected")
    );
    let row = lea.get("/handles").await.text;
    assert!(row.contains("Lea <span class=\"meta\">or Ana</span>") && row.contains("telling the public"), "{row}");
    // Nobody is an owner too, and is said so where people look.
    send(&at, &mut lea, "/handles/care", &[("purpose", "care")]).await;
    let list = lea.get("/handles").await.text;
    assert!(list.contains("nobody yet") && list.contains("One handle has no owner"), "{list}");
    // The page of its unit leads there.
    assert!(lea.get("/units/repairs").await.text.contains("href=\"/handles/care\""));
}

#[tokio::test]
async fn without_handles_the_page_says_what_one_is() {
    let at = Installation::new().await;
    at.hub.sql(&["delete from handles".to_owned()]).await;
    let page = at.signed_in("root").await.get("/handles").await.text;
    assert!(page.contains("No handle yet") && page.contains("dandelion actor add care"), "{page}");
}
