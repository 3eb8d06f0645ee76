// The islands of script. Every page works without them; each of them makes one thing quicker.
import "./forms.js";
import "./keys.js";
import "./palette.js";
import "./compose.js";
import "./time.js";
import "./live.js";
import "./pictures.js";
// Only where one writes a query.
if (document.getElementById("lab")) import("./lab.js");
// Only where the hub asks.
if (document.getElementById("asked")) import("./asked.js");
