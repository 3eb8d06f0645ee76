mod hours;
mod importing;
mod reading;
mod routing;

/// A small organisation every test of units can use.
pub(crate) const SMALL: &str = r#"
[organisation]
name = "Acme"
time_zone = "Europe/Berlin"
languages = ["en", "de"]
order_numbers = ["ACM-999999"]

[[hours]]
key = "hq"
time_zone = "Europe/Berlin"
week = { mon = ["08:00-12:00", "13:00-17:00"], tue = ["08:00-17:00"], wed = ["08:00-17:00"], fri = ["22:00-06:00"] }
holidays = ["2026-12-25"]

[[unit]]
key = "head-office"
name = "Head office"
kind = "hub"
country = "DE"
languages = ["de", "en"]
hours = "hq"

[[unit]]
key = "kettles"
name = "Kettles"
kind = "spoke"
parent = "head-office"

[[unit]]
key = "repairs"
name = "Repairs & service"
kind = "spoke"
parent = "head-office"
approval = "press"

[[unit]]
key = "press"
name = "Press office"
kind = "spoke"
parent = "head-office"

[[unit]]
key = "zagreb"
name = "Hub Zagreb"
kind = "hub"
country = "HR"
languages = ["hr"]

[[unit]]
key = "retail-hr"
name = "Retail Croatia"
kind = "spoke"
parent = "zagreb"
country = "HR"
languages = ["hr"]

[[product]]
key = "kettle-k2"
name = "Kettle K2"
aliases = ["K2", "K-2 kettle"]
unit = "kettles"

[[product]]
key = "rival"
name = "Rival Boil"
unit = "press"
competitor = true

[[topic]]
key = "repair"
name = "Repairs"
unit = "repairs"
words = ["repair*", "Reparatur"]

[[route]]
name = "safety of a product in use"
when = { risk = ["safety"], language = ["de", "en"] }
to = "repairs"
tell = ["press", "repairs"]

[[route]]
name = "Croatian complaints"
when = { intent = ["complaint"], country = ["HR"] }
to = "retail-hr"

[[member]]
key = "ana"
name = "Ana \"Kova\\č\""
email = "Ana@Acme.example"
roles = [{ unit = "head-office", role = "admin" }, { unit = "repairs", role = "agent" }]

[[member]]
key = "ivo"
name = "Ivo"
email = "ivo@acme.example"
roles = [{ unit = "retail-hr", role = "agent" }]

[[handle]]
key = "care"
network = "demo"
name = "@acme_care"
unit = "repairs"
purpose = "care"
owner = "ana"
deputy = "ivo"
address = "https://demo.example/publish"
secret = "env:DANDELION_CARE"
honours_keys = true
keys_hours = 48
kind = "demo"
approval = "press"

[targets]
first_response = "4h"
resolution = "3d"

[[target]]
unit = "repairs"
first_response = "90m"
"#;
