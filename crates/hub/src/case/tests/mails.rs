use super::*;
use crate::{
    Error, both_stores,
    case::Entry as Happened,
    reply::{self, New},
};

const PERSON: &str = "From: Mia <mia@x.example>\r\nMessage-ID: <m1@x.example>\r\nSubject: Kettle\r\n\r\nIt leaks.\r\n-- \r\n\
    Mia, +49 30 901820\r\n\r\nOn 2026-03-01 care@acme.example wrote:\r\n> Which one?\r\n";
const AWAY: &str = "From: Mia <mia@x.example>\r\nMessage-ID: <m2@x.example>\r\nAuto-Submitted: auto-replied\r\n\
    Subject: Away\r\n\r\nI am away until Monday.\r\n";

/// Makes a post of the fixture the mail that the connector reads from these bytes.
async fn make_mail(fixture: &Fixture<'_>, post: i64, bytes: &str) {
    let mail = dandelion_networks::email::post(bytes.as_bytes(), None).unwrap();
    let mut tx = fixture.hub.tx().await;
    let extra = serde_json::Value::Object(mail.extra).to_string();
    let sql = "update posts set network = 'email', text = $2, extra = $3 where id = $1";
    tx.run(q!(sql, post, mail.text, extra)).await.unwrap();
    tx.run(q!("update handles set network = 'email'")).await.unwrap();
    tx.log(Entry::new("post.changed", "post", post));
    tx.commit().await.unwrap();
}

fn mails(page: &CasePage) -> Vec<dandelion_networks::email::Beside> {
    let mail = |entry: &Happened| if let Happened::Post(post) = entry { post.mail.as_deref().cloned() } else { None };
    page.entries.iter().filter_map(mail).collect()
}

fn answer(case: Made, post: Option<i64>) -> New {
    New { case_id: case.id, post_id: post, handle_id: 1, text: "Sorry!".into() }
}

both_stores!(a_mail_shows_what_it_quotes_and_how_it_is_signed, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    assert!(mails(&fixture.page(&viewer(ANA), case.id).await).is_empty(), "only mails have this");
    make_mail(&fixture, case.post, PERSON).await;
    let seen = mails(&fixture.page(&viewer(ANA), case.id).await);
    assert_eq!(seen[0].quoted, "On 2026-03-01 care@acme.example wrote:\n> Which one?");
    assert_eq!(seen[0].signature, "-- \nMia, +49 30 901820");
    assert_eq!(seen[0].automatic, None);
    let masked = mails(&fixture.page(&viewer(VIC), case.id).await);
    assert!(!masked[0].quoted.contains("care@acme.example"), "whoever only looks: {}", masked[0].quoted);
    assert!(!masked[0].signature.contains("901820"), "whoever only looks: {}", masked[0].signature);
    fixture.hub.sql(&[format!("update posts set deleted_at = 1 where id = {}", case.post)]).await;
    assert!(mails(&fixture.page(&viewer(ANA), case.id).await).is_empty(), "words are gone with the mail");
});

both_stores!(nobody_answers_a_machine, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    make_mail(&fixture, case.post, AWAY).await;
    for post in [None, Some(case.post)] {
        let refused = reply::draft(&hub, &viewer(ANA), &answer(case, post)).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Conflict(why) if why.starts_with("Automatic reply: nobody is answered")),
            "{refused}"
        );
    }
    assert!(reply::of_case(&hub, &viewer(ANA), case.id).await.unwrap().is_empty());
    // A person's mail in the same case is answered, though a machine spoke last.
    let person = fixture.says(case, Speaker::Author(case.author), None).await;
    let away = fixture.says(case, Speaker::Author(case.author), None).await;
    make_mail(&fixture, person, PERSON).await;
    make_mail(&fixture, away, AWAY).await;
    let drafted = reply::draft(&hub, &viewer(ANA), &answer(case, None)).await.unwrap();
    assert_eq!(drafted.post_id, Some(person));
    whole(&hub).await;
});
