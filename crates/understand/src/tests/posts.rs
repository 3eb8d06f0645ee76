use super::analyses;

/// Text, language, sentiment, intents that must hold (`!` before one that must not), urgency, risks.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    // English
    ("My kettle is broken and nobody answers my emails.", "en", "negative", "complaint", "1", ""),
    ("I love my new kettle, it is so quiet and fast!", "en", "positive", "praise !complaint", "0", ""),
    ("Does the K2 work with 110 volts?", "en", "neutral", "question !complaint", "1", ""),
    ("Great, another broken kettle.", "en", "negative", "complaint !praise", "1", ""),
    ("Thanks for nothing, I have been waiting for two weeks", "en", "negative", "complaint !praise", "2", ""),
    ("Wow, love waiting 3 hours on hold with you", "en", "negative", "complaint !praise", "1", ""),
    ("Not bad at all, I like it", "en", "positive", "!complaint", "0", ""),
    ("The kettle is not good", "en", "negative", "!praise", "", ""),
    ("I am not happy with this toaster", "en", "negative", "!praise", "", ""),
    ("No problem with the delivery, thanks", "en", "positive", "!complaint", "0", ""),
    ("The design is beautiful but the lid is terrible", "en", "negative", "", "", ""),
    ("I love the design, but I hate the lid", "en", "mixed", "", "", ""),
    ("The kettle gave me an electric shock, my son is in hospital!", "en", "", "risk", "3", "safety"),
    ("Smoke came out of the plug and it smells of burning", "en", "", "risk", "2", "safety"),
    ("If I don't get my refund I will call my lawyer and see you in court", "en", "", "complaint risk", "", "legal"),
    ("I got an email with someone else's order and address", "en", "", "risk", "2", "data breach"),
    ("I'm a journalist working on a story about your kettles", "en", "neutral", "risk", "2", "press"),
    ("You should add a cup scale, it would be great if it had one", "en", "", "idea", "0", ""),
    ("I want to buy the K2, where can I get it in Graz?", "en", "neutral", "purchase question", "1", ""),
    ("Please cancel my order, I'm switching to another brand", "en", "", "cancel", "1", ""),
    ("Third time the pump leaks. Unacceptable.", "en", "negative", "complaint", "2", ""),
    ("Stuck at the airport and no hot water, nobody helps", "en", "", "", "3", ""),
    ("I need a replacement by Friday, the machine is dead", "en", "negative", "complaint", "2", ""),
    ("Click here for a free gift https://spam.example/x", "en", "", "spam", "0", ""),
    ("Just made tea.", "en", "neutral", "other", "0", ""),
    ("Fire sale on toasters this weekend at the mall", "en", "neutral", "!risk", "0", ""),
    ("How do I descale the K2", "en", "neutral", "question", "1", ""),
    ("Are you kidding me? Broken again!", "en", "negative", "complaint !question", "1", ""),
    ("Thank you so much, the service was excellent", "en", "positive", "praise", "0", ""),
    ("it leaks 😡😡", "en", "negative", "complaint", "1", ""),
    ("Oh great. It stopped working.", "en", "negative", "complaint !praise", "1", ""),
    ("The worst customer service I have ever had", "en", "negative", "complaint", "1", ""),
    ("I don't like it", "en", "negative", "!praise", "", ""),
    ("Couldn't be happier with the repair!", "en", "positive", "!complaint", "0", ""),
    ("Never again. I want my money back.", "en", "negative", "complaint cancel", "1", ""),
    ("Can't complain, works great", "en", "positive", "!complaint", "0", ""),
    // German
    ("Mein Wasserkocher ist kaputt und keiner antwortet mir.", "de", "negative", "complaint", "1", ""),
    ("Ich liebe meinen neuen Toaster, sehr zufrieden!", "de", "positive", "praise !complaint", "0", ""),
    ("Na toll, schon wieder kaputt.", "de", "negative", "complaint !praise", "2", ""),
    ("Danke für nichts, ich warte seit drei Wochen", "de", "negative", "complaint !praise", "2", ""),
    ("Super, jetzt ist auch noch der Deckel gebrochen", "de", "negative", "complaint !praise", "1", ""),
    ("Der Kocher gefällt mir nicht", "de", "negative", "!praise", "", ""),
    ("Nicht schlecht, der neue Mixer", "de", "positive", "!complaint", "0", ""),
    ("Wo finde ich die Anleitung für den K2?", "de", "neutral", "question", "1", ""),
    ("Was kostet der Mixer und ist er lieferbar?", "de", "neutral", "question purchase", "1", ""),
    ("Es wäre schön wenn es den Kocher auch in Rot gibt", "de", "", "idea", "", ""),
    ("Ich kündige und wechsle zu einer anderen Marke", "de", "", "cancel", "1", ""),
    ("Das Gerät hat mir einen Stromschlag verpasst", "de", "", "risk", "3", "safety"),
    ("Aus dem Stecker kam Rauch, es riecht verbrannt", "de", "", "risk", "", "safety"),
    ("Mein Anwalt meldet sich bei Ihnen", "de", "", "risk", "", "legal"),
    ("Ich habe eine fremde Rechnung bekommen, das ist ein Datenschutzverstoß", "de", "", "risk", "2", "data breach"),
    ("Ich bin Redakteurin und bitte um eine Stellungnahme", "de", "", "risk", "2", "press"),
    ("Zum dritten Mal defekt, das ist eine Frechheit!", "de", "negative", "complaint", "2", ""),
    ("Heute noch bitte, das Paket ist nicht angekommen", "de", "negative", "complaint", "2", ""),
    ("Seit gestern keine Heizung, der Kessel geht nicht", "de", "negative", "complaint", "3", ""),
    ("Vielen Dank für die schnelle Hilfe, toller Service!", "de", "positive", "praise", "0", ""),
    ("Schönes Design, aber leider undicht", "de", "", "complaint", "1", ""),
    ("Guten Morgen zusammen", "de", "neutral", "other", "0", ""),
    ("Der Deckel klemmt ein bisschen", "de", "negative", "", "", ""),
    ("Ist das euer Ernst? Immer noch keine Antwort!", "de", "negative", "complaint !question", "2", ""),
    ("Kein Problem, alles bestens, danke", "de", "positive", "!complaint", "0", ""),
    ("Keine Beschwerden, der Service war super", "de", "positive", "!cancel", "", ""),
    // Croatian
    ("Kuhalo mi je pokvareno i nitko ne odgovara na poruke", "hr", "negative", "complaint", "1", ""),
    ("Obožavam svoj novi toster, odličan je!", "hr", "positive", "praise !complaint", "0", ""),
    ("Hvala na ničemu, čekam već dva tjedna", "hr", "negative", "complaint !praise", "2", ""),
    ("Ma bravo, opet ne radi", "hr", "negative", "complaint !praise", "2", ""),
    ("Nije loše, sviđa mi se", "hr", "positive", "!complaint", "0", ""),
    ("Nisam zadovoljna uslugom", "hr", "negative", "!praise", "", ""),
    ("Ne sviđa mi se novi poklopac", "hr", "negative", "!praise", "", ""),
    ("Koliko košta K2 i gdje ga mogu kupiti?", "hr", "neutral", "question purchase", "1", ""),
    ("Bilo bi dobro da kuhalo ima dulji kabel", "hr", "", "idea", "", ""),
    ("Otkazujem narudžbu i odlazim konkurenciji", "hr", "", "cancel", "1", ""),
    ("Udarila me struja iz kuhala, dijete je u bolnici", "hr", "", "risk", "3", "safety"),
    ("Kuhalo se dimi i smrdi na paljevinu", "hr", "", "risk", "2", "safety"),
    ("Moj odvjetnik će vam se javiti, vidimo se na sudu", "hr", "", "risk", "", "legal"),
    ("Dobila sam tuđi račun, gdje su moji podaci?", "hr", "", "risk question", "2", "data breach"),
    ("Novinar sam i pišem članak o vašim kuhalima", "hr", "", "risk", "2", "press"),
    ("Već treći put curi, ovo je sramota!", "hr", "negative", "complaint", "2", ""),
    ("Treba mi zamjena do petka, kuhalo ne radi", "hr", "negative", "complaint", "2", ""),
    ("Bez grijanja smo od jučer", "hr", "", "", "3", ""),
    ("Hvala puno, svaka čast na brzoj pomoći", "hr", "positive", "praise", "0", ""),
    ("Dobar dan svima", "hr", "neutral", "other", "0", ""),
    ("Lijep je, ali kasni dostava i poklopac je slomljen", "hr", "negative", "complaint", "1", ""),
    ("Kako mogu očistiti kamenac?", "hr", "neutral", "question", "1", ""),
    // French
    ("Ma bouilloire est en panne et personne ne répond.", "fr", "negative", "complaint", "1", ""),
    ("J'adore ma nouvelle bouilloire, elle est parfaite !", "fr", "positive", "praise !complaint", "0", ""),
    ("Merci pour rien, j'attends depuis trois semaines", "fr", "negative", "complaint !praise", "2", ""),
    ("Bravo, encore une bouilloire cassée", "fr", "negative", "complaint !praise", "1", ""),
    ("Pas mal du tout, je suis contente", "fr", "positive", "!complaint", "0", ""),
    ("Je ne suis pas content de ce produit", "fr", "negative", "!praise", "", ""),
    ("Je n'aime pas le nouveau couvercle", "fr", "negative", "!praise", "", ""),
    ("Combien coûte la K2 et où puis-je acheter ce modèle ?", "fr", "neutral", "question purchase", "1", ""),
    ("Ce serait bien d'avoir un câble plus long", "fr", "", "idea", "", ""),
    ("Je veux résilier mon contrat, je passe à la concurrence", "fr", "", "cancel", "1", ""),
    ("La bouilloire a pris feu, ma fille est brûlée", "fr", "", "risk", "3", "safety"),
    ("Il y a de la fumée et une odeur de brûlé", "fr", "", "risk", "2", "safety"),
    ("Mon avocat va porter plainte au tribunal", "fr", "", "risk", "", "legal"),
    ("J'ai reçu la facture d'un autre client avec ses données personnelles", "fr", "", "risk", "2", "data breach"),
    ("Je suis journaliste et j'écris un article sur vos produits", "fr", "", "risk", "2", "press"),
    ("C'est la troisième fois qu'elle fuit, inadmissible !", "fr", "negative", "complaint", "2", ""),
    ("Toujours pas reçu mon colis, c'est urgent", "fr", "negative", "complaint", "2", ""),
    ("Nous sommes sans chauffage depuis hier", "fr", "", "", "3", ""),
    ("Un grand merci à toute l'équipe, service impeccable", "fr", "positive", "praise", "0", ""),
    ("Bonjour à tous", "fr", "neutral", "other", "0", ""),
    ("Le produit est joli mais il ne marche pas", "fr", "mixed", "complaint", "1", ""),
    ("Aucun problème, tout est nickel", "fr", "positive", "!complaint", "0", ""),
    // Spanish
    ("Mi hervidor está roto y nadie responde.", "es", "negative", "complaint", "1", ""),
    ("Me encanta mi nueva tostadora, es perfecta", "es", "positive", "praise !complaint", "0", ""),
    ("Gracias por nada, llevo esperando tres semanas", "es", "negative", "complaint !praise", "2", ""),
    ("Genial, otra vez roto", "es", "negative", "complaint !praise", "2", ""),
    ("No está mal, me gusta", "es", "positive", "!complaint", "0", ""),
    ("No estoy contento con el producto", "es", "negative", "!praise", "", ""),
    ("No me gusta nada la tapa nueva", "es", "negative", "!praise", "", ""),
    ("¿Cuánto cuesta y dónde puedo comprar el K2?", "es", "neutral", "question purchase", "1", ""),
    ("Estaría bien que el cable fuera más largo", "es", "", "idea", "", ""),
    ("Quiero darme de baja, me voy a la competencia", "es", "", "cancel", "1", ""),
    ("El hervidor me dio una descarga eléctrica, estoy en el hospital", "es", "", "risk", "3", "safety"),
    ("Sale humo del enchufe y huele a quemado", "es", "", "risk", "2", "safety"),
    ("Mi abogado va a presentar una demanda", "es", "", "risk", "", "legal"),
    ("Recibí la factura de otra persona con sus datos personales", "es", "", "risk", "2", "data breach"),
    ("Soy periodista y escribo un artículo sobre su empresa", "es", "", "risk", "2", "press"),
    ("Es la tercera vez que gotea, es una vergüenza", "es", "negative", "complaint", "2", ""),
    ("Todavía no ha llegado mi pedido, es urgente", "es", "negative", "complaint", "2", ""),
    ("Estamos sin agua caliente desde ayer", "es", "", "", "3", ""),
    ("Muchas gracias por la ayuda, excelente servicio", "es", "positive", "praise", "0", ""),
    ("Buenos días a todos", "es", "neutral", "other", "0", ""),
    ("Es bonito pero no funciona", "es", "mixed", "complaint", "1", ""),
    // Chinese, simplified and traditional
    ("我的水壶坏了，没人理我", "zh", "negative", "complaint", "1", ""),
    ("我的水壺壞了，沒人理我", "zh", "negative", "complaint", "1", ""),
    ("新水壶太好用了，非常满意！", "zh", "positive", "praise !complaint", "0", ""),
    ("新水壺超好用，非常滿意，強烈推薦！", "zh", "positive", "praise !complaint", "0", ""),
    ("呵呵，真是谢谢了，又坏了", "zh", "negative", "complaint !praise", "2", ""),
    ("我不喜欢这个盖子", "zh", "negative", "!praise", "", ""),
    ("我不喜歡這個蓋子", "zh", "negative", "!praise", "", ""),
    ("没问题，很好用，谢谢", "zh", "positive", "!complaint", "0", ""),
    ("请问这款水壶多少钱？", "zh", "neutral", "question purchase", "1", ""),
    ("請問哪裡買得到說明書？", "zh", "neutral", "question", "1", ""),
    ("建议把电线做长一点", "zh", "neutral", "idea", "0", ""),
    ("我要取消訂單，以後換別家", "zh", "", "cancel", "1", ""),
    ("水壶漏电，孩子被烫伤，现在在医院", "zh", "", "risk", "3", "safety"),
    ("插頭冒煙，有焦味", "zh", "", "risk", "2", "safety"),
    ("再不退款我就找律师起诉", "zh", "", "complaint risk", "", "legal"),
    ("我收到了别人的订单，你们泄露个人信息", "zh", "", "risk", "2", "data breach"),
    ("我是記者，想採訪貴公司", "zh", "", "risk", "2", "press"),
    ("第三次漏水了，垃圾！", "zh", "negative", "complaint", "2", ""),
    ("很急，今天还没到货", "zh", "negative", "complaint", "2", ""),
    ("家里停电没热水", "zh", "", "", "3", ""),
    ("今天天气晴", "zh", "neutral", "other", "0", ""),
    ("漂亮但是漏水", "zh", "mixed", "complaint", "1", ""),
    // Italian: sentiment and the commonest complaints
    ("Il bollitore non funziona e nessuno risponde", "it", "negative", "complaint", "1", ""),
    ("Ottimo servizio, grazie mille!", "it", "positive", "praise", "0", ""),
    ("Non mi piace questo prodotto", "it", "negative", "!praise", "", ""),
    // Nothing to go by
    ("😡😡😡", "unknown", "negative", "!praise", "", ""),
    ("🎉❤️", "unknown", "positive", "!complaint", "0", ""),
    ("...", "unknown", "neutral", "other", "0", ""),
];

#[test]
fn labelled_posts_are_judged_as_labelled() {
    let mut wrong = Vec::new();
    for (case, analysis) in CASES.iter().zip(analyses(CASES.iter().map(|case| case.0))) {
        let (text, language, sentiment, intents, urgency, risks) = *case;
        let has = |value: &str| analysis.intents.iter().any(|it| it.value == value);
        let found_risks: Vec<&str> = analysis.risks.iter().map(|it| it.value.as_str()).collect();
        let intents_fit =
            intents.split_whitespace().all(|it| it.strip_prefix('!').map_or_else(|| has(it), |absent| !has(absent)));
        let fits = analysis.language.value == language
            && (sentiment.is_empty() || analysis.sentiment.value == sentiment)
            && intents_fit
            && (urgency.is_empty() || analysis.urgency.value == urgency)
            && if risks.is_empty() { found_risks.is_empty() } else { found_risks.contains(&risks) };
        if !fits {
            let all: Vec<&str> = analysis.intents.iter().map(|it| it.value.as_str()).collect();
            let said = (&analysis.language.value, &analysis.sentiment, all, &analysis.urgency, found_risks);
            wrong.push(format!(
                "{text}\n   wanted {language} {sentiment} {intents} {urgency} {risks}\n   said {said:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[test]
fn the_table_is_large_and_every_judgement_has_a_reason() {
    assert!(CASES.len() >= 150, "{}", CASES.len());
    for (case, analysis) in CASES.iter().zip(analyses(CASES.iter().map(|case| case.0))) {
        let judgements =
            [&analysis.language, &analysis.urgency].into_iter().chain(&analysis.intents).chain(&analysis.risks);
        for judgement in judgements {
            assert!(!judgement.reasons.is_empty(), "{}: {judgement:?}", case.0);
            assert!((0.0..=1.0).contains(&judgement.score), "{}: {judgement:?}", case.0);
            for reason in &judgement.reasons {
                let Some([from, to]) = reason.span else { continue };
                assert_eq!(&case.0[from..to], reason.words, "{}", case.0);
            }
        }
    }
}
