/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <string.h>

#include "base/utf8.h"
#include "report/phrases.h"

#define TEXT_MAX 4096

/*
 * Colours are Okabe and Ito's, which people with any colour vision tell apart, darker or lighter where they are letters; no colour says what no word says.
 */
static const char STYLE[] =
    ":root{--bg:#fff;--card:#f5f6f8;--fg:#1b1f24;--soft:#57606a;--rule:#d9dee4;--line:#0072b2;--band:#0072b233;--bad:#"
    "b3261e;"
    "--warn:#8a5a00;--good:#0b6b52;--area:#e69f0026;--mark:#d55e00;--other:#cc79a7}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1d2127;--fg:#e6e9ed;--soft:#9aa4af;--rule:#343b44;--"
    "line:#56b4e9;"
    "--band:#56b4e933;--bad:#ff8a80;--warn:#f0b350;--good:#4fd1a5;--area:#e69f002e;--mark:#ff9350;--other:#e29cc4}}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:1160px;padding:24px 20px "
    "48px;background:var(--bg);color:var(--fg);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "h1{font-size:22px;margin:0;overflow-wrap:anywhere}h2{font-size:17px;margin:30px 0 "
    "8px;overflow-wrap:anywhere;break-after:avoid}"
    "h3{font-size:14.5px;margin:14px 0 4px;overflow-wrap:anywhere;break-after:avoid}p{margin:4px "
    "0}a{color:var(--line)}.soft{color:var(--soft)}"
    ".headline{font-size:18px;font-weight:600;margin:14px 0 0;overflow-wrap:anywhere}"
    ".card{margin:14px 0;padding:12px 18px;background:var(--card);border-left:5px solid "
    "var(--bad);border-radius:4px;break-inside:avoid}"
    ".card.calm{border-color:var(--good)}.card.watch{border-color:var(--warn)}.card "
    "strong{font-size:16px;overflow-wrap:anywhere}"
    "ul{margin:6px 0 0;padding-left:20px;overflow-wrap:anywhere}"
    ".incident{margin:10px 0;padding:8px 16px;background:var(--card);border-left:5px solid "
    "var(--warn);border-radius:4px;break-inside:avoid}"
    ".incident.high{border-color:var(--bad)}.incident h3{margin:0}.incident ul{font-size:13.5px}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(340px,100%),1fr));gap:14px}"
    "figure{margin:0;padding:8px 8px 4px;background:var(--card);border-radius:4px;break-inside:avoid}"
    "figcaption{font-size:13px;font-weight:600;padding-left:4px}svg{display:block;width:100%;height:auto}"
    "svg text{font-size:10.5px;fill:var(--soft)}svg text.y{text-anchor:end}.grid{stroke:var(--rule)}"
    ".line{fill:none;stroke:var(--line);stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}.band{fill:var(--"
    "band)}"
    ".usual{stroke:var(--soft);stroke-dasharray:5 "
    "4}.mark{stroke-width:1.4}.mark.finding{stroke:var(--other);stroke-dasharray:2 3}"
    ".mark.boot{stroke:var(--good);stroke-width:2}.mark.link{stroke:var(--bad);stroke-dasharray:6 "
    "3}.mark.end{stroke:var(--fg);stroke-width:2}"
    "rect.incident{fill:var(--area)}.restarts{stroke:var(--mark);stroke-width:1.3}"
    ".key span{display:inline-block;margin-right:16px;white-space:nowrap}.key "
    "i{display:inline-block;width:18px;height:0;border-top:2px solid;"
    "margin-right:6px;vertical-align:middle}.key i.v{width:0;height:13px;border-top:0;border-left:2px solid}.key "
    "i.a{height:12px;border:0}"
    ".lanes{display:grid;grid-template-columns:minmax(120px,300px) 1fr;gap:2px "
    "12px;font-size:13.5px;align-items:center}"
    ".lanes>div{overflow-wrap:anywhere}.lanes svg{height:26px;background:var(--card);border-radius:2px}.lanes "
    ".n{font-variant-numeric:tabular-nums}"
    ".lanes .axis{display:flex;justify-content:space-between;color:var(--soft);font-size:12px}"
    ".bars{fill:var(--mark)}.storm{fill:var(--area)}.periodic,.cascade,.resource{fill:none;stroke:var(--line);stroke-"
    "width:2;"
    "vector-effect:non-scaling-stroke}.periodic{stroke-dasharray:2 "
    "4}.cascade{stroke:var(--other)}.resource{stroke:var(--good)}"
    ".gave_up{stroke:var(--bad);stroke-width:3;vector-effect:non-scaling-stroke}"
    "@media(max-width:560px){.lanes{grid-template-columns:1fr}.lanes svg{margin-bottom:6px}.lanes "
    ".pad{display:none}body{padding:16px 12px 32px}}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px}table.wide{min-width:560px}"
    "caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}th,td{text-align:left;padding:"
    "4px 12px 4px 0;"
    "border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:break-word;max-width:340px}thead "
    "th{font-weight:600;color:var(--soft);white-space:nowrap}"
    "tbody "
    "th{font-weight:400}td.n,th.n{text-align:right;padding-right:22px;white-space:nowrap;font-variant-numeric:tabular-"
    "nums}"
    "td.t{white-space:nowrap;font-variant-numeric:tabular-nums}"
    ".bar{display:flex;height:18px;border-radius:3px;overflow:hidden;background:var(--rule)}.bar "
    "div{height:100%;min-width:1px}"
    ".c0{background:#0072b2}.c1{background:#e69f00}.c2{background:#009e73}.c3{background:#cc79a7}.c4{background:#"
    "d55e00}.c5{background:#56b4e9}"
    ".c6{background:#f0e442}.c7{background:#8c8c8c}.swatch{display:inline-block;width:10px;height:10px;border-radius:"
    "2px;margin-right:5px}"
    ".parts span.part{margin-right:14px;white-space:nowrap}details{margin:8px "
    "0}summary{cursor:pointer;color:var(--soft)}"
    "pre{padding:12px;background:var(--card);border-radius:4px;overflow-x:auto;font-size:12.5px;line-height:1.4}"
    ".critical{color:var(--bad);font-weight:600}.warning{color:var(--warn);font-weight:600}.healthy{color:var(--good)}"
    ".node{margin-top:48px;padding-top:8px;border-top:3px solid var(--rule)}"
    "@media "
    "print{:root{--bg:#fff;--card:#f5f6f8;--fg:#000;--soft:#444;--rule:#ccc;--line:#005b8f;--band:#0072b233;--bad:#"
    "9c1c15;"
    "--warn:#6b4600;--good:#0b5a45;--area:#e69f0040;--mark:#b34e00;--other:#a34d7e}body{max-width:none;padding:0;font-"
    "size:12px}"
    ".charts{grid-template-columns:1fr "
    "1fr}.node{break-before:page}.scroll{overflow:visible}table.wide{min-width:0}th,td{overflow-wrap:anywhere}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

void
html_add(struct strbuf *out, const char *text)
{
	struct strbuf visible = STRBUF_INIT;

	utf8_add_visible(&visible, text, TEXT_MAX);
	for (size_t i = 0; i < visible.len; i++) {
		char c = visible.data[i];

		if (strchr("<>&\"'", c))
			strbuf_addf(out, "&#%d;", c);
		else
			strbuf_addc(out, c);
	}
	strbuf_release(&visible);
}

void
html_begin(struct strbuf *out, const char *title)
{
	strbuf_adds(out,
	    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'\">"
	    "<title>");
	html_add(out, title);
	strbuf_addf(out, "</title><style>%s</style></head>\n<body><main>", STYLE);
}

void
html_end(struct strbuf *out, int64_t made_ms)
{
	char made[32];

	strbuf_addf(out, "</main><p class=\"soft\">Made by arsenal %s at %s. Times are UTC.</p></body></html>\n",
	    ARSENAL_VERSION, phrase_day(made, made_ms));
}

void
html_begin_table(struct strbuf *out, const char *caption, const char *heads)
{
	unsigned columns = 1;

	for (const char *p = heads; *p; p++)
		columns += *p == '|';
	strbuf_addf(out,
	    "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\"><table%s><caption>%s</caption>"
	    "<thead><tr>",
	    caption, columns > 3 ? " class=\"wide\"" : "", caption);
	while (*heads) {
		size_t len = strcspn(heads, "|");
		bool number = *heads == '#';

		strbuf_addf(out, "<th scope=\"col\"%s>%.*s</th>", number ? " class=\"n\"" : "", (int)len - number,
		    heads + number);
		heads += len + (heads[len] == '|');
	}
	strbuf_adds(out, "</tr></thead><tbody>");
}

void
html_cell(struct strbuf *out, const char *css, const char *text)
{
	strbuf_addf(out, *css ? "<td class=\"%s\">" : "<td>%s", css);
	html_add(out, text);
	strbuf_adds(out, "</td>");
}

void
html_row_head(struct strbuf *out, const char *text)
{
	strbuf_adds(out, "<th scope=\"row\">");
	html_add(out, text);
	strbuf_adds(out, "</th>");
}

void
html_end_table(struct strbuf *out)
{
	strbuf_adds(out, "</tbody></table></div>");
}
