use crate::words::{Kind, Words};

/// A text as its tokens: `from-to:word`, with a letter for what is no word.
pub(crate) fn shown(text: &str) -> String {
    let words = Words::of(text);
    let shown = words.iter().map(|token| {
        let sort = match token.kind {
            Kind::Word => "",
            Kind::Dense => {
                if token.adjacent {
                    "+"
                } else {
                    "d"
                }
            }
            Kind::Tag => "#",
            Kind::Handle => "@",
            Kind::Ticker => "$",
            Kind::Emoji => "e",
            Kind::Address => "L",
        };
        let to = if token.to == token.from { String::new() } else { format!("-{}", token.to) };
        let word = if token.kind == Kind::Address { token.exact } else { token.word };
        format!("{}{to}{sort}:{word}", token.from)
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn texts_are_cut_as_the_rules_say() {
    for (text, wanted) in [
        ("Hello, World!", "0:hello 1:world"),
        ("don't", "0:don't"),
        ("Don’t", "0:don't"),
        ("Acme's kettle’s lid", "0:acme 1:kettle 2:lid"),
        ("l'aspirateur", "0:l'aspirateur 0:aspirateur"),
        ("Acme'nin", "0-1:acme'nin 0:acme 1:nin"),
        ("rock'n'roll", "0-1:rock'n'roll 0:rock 1:roll"),
        ("AT&amp;T R&D", "0:at&t 1:r&d"),
        ("Johnson&Johnson", "0-1:johnson&johnson 0:johnson 1:johnson"),
        ("C++ C# Disney+ 18+ c", "0:c++ 1:c# 2:disney+ 2:disney 3:18+ 3:18 4:c"),
        (".NET asp.x", "0:.net 0:net 1:asp 2:x"),
        (":::www.6 7", "0L:www.6 1:7"),
        ("wi-fi tea-kettle", "0-1:wi-fi 0:wi 1:fi 2-3:tea-kettle 2:tea 3:kettle"),
        ("a-b&c", "0-1:a-b&c 0:a 1:b&c"),
        ("1-2-3-4-5-6-7-8-9", "0:1 1:2 2:3 3:4 4:5 5:6 6:7 7:8 8:9"),
        ("3.5 80's", "0:3 1:5 2:80"),
        ("#Küche @Acme_Care $ACME $5 a@b #1", "0#:kuche 1@:acme_care 2$:acme 3:5 4:a 5:b 6#:1"),
        ("@bob.bsky.social. @acme@mastodon.social!", "0@:bob.bsky.social 1@:acme@mastodon.social 1@:acme"),
        ("＃水壶坏了 @acme_careさん", "0#:水壶坏了 1@:acme_care 2d:さ 3+:ん"),
        ("iPhone手机 坏", "0:iphone 1d:手 2+:机 3d:坏"),
        ("กาต้มน้ำ", "0d:ก 1+:า 2+:ต\u{e49} 3+:ม 4+:น\u{e49}\u{e4d} 5+:า"),
        ("ｶﾞｽ e\u{301}té STRASSE ὈΔΌΣ ﬁn", "0d:ガ 1+:ス 2:ete 3:strasse 4:οδοσ 5:fin"),
        ("👍🏽 👩🏽‍🍳x 🇩🇪🇫🇷 1️⃣ ❤️", "0e:👍 1e:👩\u{200d}🍳 2:x 3e:🇩🇪 4e:🇫🇷 5e:1\u{20e3} 6e:❤"),
        (
            "see https://x.y/a?b=c, www.a.b acme.co.uk/x acme.com. ASP.NET bob@acme.com",
            "0:see 1L:https://x.y/a?b=c 2L:www.a.b 3L:acme.co.uk/x 4L:acme.com 5:asp 6:net 7L:bob@acme.com",
        ),
        ("kett\u{ad}le \u{202e}abc\0 _x_ Acme™", "0:kettle 1:abc 2:_x_ 3:acme"),
        ("ёлка Чайник їжа", "0:елка 1:чайник 2:їжа"),
        ("مَرْحَبًا हिन्दी", "0:مرحبا 1:हिन्दी"),
        ("ـ ـ: مـرحبا", "0:مرحبا"), // a stroke that only draws words out is no word
        ("", ""),
    ] {
        assert_eq!(shown(text), wanted, "{text:?}");
    }
}
