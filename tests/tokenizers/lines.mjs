// SPDX-License-Identifier: MIT
// The mixed text: 2,000 lines, the same in every run. Scripts, emoji, code, odd
// white space, combining marks, long runs, names of special tokens.

let state = 20240601;
function below(n) {
	state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
	return Math.floor(state / 4294967296 * n);
}
const pick = (list) => list[below(list.length)];

const words = `the of and to in a is that for it was on as with he be by at have are this not but had his they
from she which or we an there her were one do been all their has would will what if can when so no said who more about
up into them some could time these two may then other its new only don't I'll we're it's they've can't you'd O'Neill
tokenizer unbelievable internationalization antidisestablishmentarianism COVID-19 GPU iPhone McDonald NASA HTTPServer
camelCaseName snake_case_name kebab-case-name e.g. i.e. Mr. U.S.A. naïve café résumé Zürich Ångström Noël`.split(/\s+/);

const sentences = [
	"Привет, как дела? Сегодня хорошая погода.", "Съешь ещё этих мягких французских булок, да выпей чаю.",
	"Γειά σου Κόσμε! Τι κάνεις σήμερα;", "今天天气很好，我们去公园散步吧。", "中华人民共和国成立于1949年。",
	"日本語のテキストをトークン化する。カタカナとひらがな、漢字。", "안녕하세요 세계! 오늘 날씨가 좋네요.",
	"مرحبا بالعالم، كيف حالك اليوم؟", "السلام عليكم ورحمة الله وبركاته", "שלום עולם, מה שלומך?",
	"नमस्ते दुनिया, आप कैसे हैं?", "สวัสดีชาวโลก วันนี้อากาศดี", "வணக்கம் உலகம்", "ওহে বিশ্ব, কেমন আছো?",
	"გამარჯობა მსოფლიო", "Բարեւ աշխարհ", "ሰላም ልዑል", "សួស្តី​ពិភពលោក", "ສະບາຍດີຊາວໂລກ", "ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ",
	"Xin chào thế giới, hôm nay trời đẹp quá!", "İstanbul'da ışıklar ÇOK güzel, değil mi?",
	"Příliš žluťoučký kůň úpěl ďábelské ódy.", "Zażółć gęślą jaźń", "Straße, Größe, ẞ ﬁ ﬂ ﬃ",
	"El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia.", "ᚠᛇᚻ᛫ᛒᛦᚦ ᛒᛖᚩ", "𝕳𝖊𝖑𝖑𝖔 𝟘𝟙𝟚 𝒜𝓑",
	"Ǆ ǅ ǆ Ⅷ ⅷ ½ ¾ ² ³ ¹ ① ㊗ ㍿", "ﷺ ﷽", "𠀀𠀁𪚥 㐀㐁 豈 更", "꧁༺ ༻꧂ ░▒▓█", "ʰʷ ə ɹ ʒ ˈstrɛs",
];
const emoji = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "❤️", "☃︎", "🤷🏻‍♂️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "✨", "🫠", "😂😂😂"];
const code = [
	"def f(x):\n    return x ** 2", "for (let i = 0; i < n; i++) { a[i] += b[i]; }", "#include <stdio.h>",
	"if (a != NULL && *a == '\\0')", "SELECT * FROM t WHERE id >= 10;", "<div class=\"x\">&nbsp;</div>",
	"print(f\"{value:>10.3f}\")", "x = {'a': [1, 2, 3], \"b\": None}", "std::vector<std::pair<int,int>> v;",
	"\tmov\teax, [ebx+4*ecx]", "git commit -m 'fix: a bug' --amend", "https://example.com/a?b=c&d=%20#frag",
	"user.name+tag@example.co.uk", "C:\\Users\\me\\file.txt", "$HOME/.config/**/*.json", "0xDEADBEEF 1e-10 3.14159",
	"\\frac{\\partial f}{\\partial x}", "regex: ^\\s*(\\w+)\\s*=\\s*(.*)$", "// ====== ------ ****** ######", "a->b->c::d..e",
];
const spaces = [" ", "  ", "   ", "\t", "\t\t", " \t ", "\u00a0", "\u2003", "\u3000", "\r\n", "\n", "\n\n", "\n \n", "\u200b",
	"\u200d", "\u2028", "\u0085", "\u000b", "\f", "      ", "\ufeff", "\u202f", "\u00ad"];
const marks = ["e\u0301", "a\u0308\u0323", "q\u0307\u0323", "\u1e9b\u0323", "n\u0303o", "\u0958", "\u212b", "\uac00\u11a8", "\u1100\u1161\u11a8",
	"Z\u0351\u036b\u0343a\u0321l\u0489", "\u0344", "\u2126", "\ufb1d", "\u0f73", "\u0130", "\u03c2\u03a3", "\u00df"];
const special = ["<s>", "</s>", "<unk>", "<|endoftext|>", "<|im_start|>", "[CLS]", "[MASK]", "<pad>", "<bos>", "<|eot_id|>",
	"<0x41>", "▁", "Ġ", "##ing", "<mask>", "[UNK]", "<|begin_of_text|>", "<|fim_prefix|>"];

const number = () => String(below(10 ** (1 + below(12))));
const word = () => { const w = pick(words); return pick([w, w, w, w.toUpperCase(), w[0].toUpperCase() + w.slice(1)]); };
const parts = [
	() => Array.from({ length: 1 + below(12) }, word).join(" ") + pick([".", "!", "?", ",", "...", ""]),
	() => pick(sentences), () => pick(sentences).slice(below(4), 4 + below(12)), () => pick(emoji), () => pick(code),
	() => pick(spaces), () => pick(spaces) + pick(spaces), () => pick(marks), () => pick(special), number,
	() => number() + "." + number() + pick(["", "%", "€", " kg", "°C", "th"]),
	() => pick(["!", "?", "=", "-", "a", "ha", "0", ".", "\"", "'", "é", "的", "ー"]).repeat(1 + below(20)),
	() => pick(["“", "‘", "«", "(", "[", "¿", "„"]) + word() + pick(["”", "’", "»", ")", "]", "?", "“"]),
	() => Array.from({ length: 1 + below(4) }, () => String.fromCodePoint(pick([0x20, 0x80, 0x370, 0x400, 0x900, 0x2000,
		0x2200, 0x3040, 0x4e00, 0xac00, 0xff00, 0x10000, 0x1f600]) + below(0x100))).join("")
		.replaceAll("\u{1f6dc}", ""),	// newer than the tables of PCRE2 10.42
];

export const lines = [
	"", " ", "  ", "\n", "a", " a", "a ", "  a  ", "Hello world", "Hello  world ", "\u0000",
	..."Hello, y'all! How are you 😁 ?|I've got 3 apples and 12,345.67 pears|    indented|tab\tseparated|trailing   "
		.split("|"),
];
while (lines.length < 2000) {
	let s = "";
	for (let n = 1 + below(6); n > 0; n--)
		s += pick(parts)() + pick(["", " ", " ", " "]);
	lines.push(below(3) ? s.trimEnd() : s);
}
// NUL ends a text on its way to the other side
for (const i in lines)
	lines[i] = lines[i].replaceAll("\u0000", "").toWellFormed();
