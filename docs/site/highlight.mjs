// Colours for code: comments, texts, numbers and the words of the language. One regular expression, for it is decoration.

const words =
  "abstract|as|async|await|break|case|catch|class|const|constructor|continue|declare|default|do|else|export|extends|false|finally|for|from|function|get|if|implements|import|in|instanceof|interface|let|new|null|of|override|private|protected|readonly|return|set|static|super|switch|this|throw|true|try|type|typeof|undefined|unknown|var|void|while|yield";

const script = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\`(?:[^\`\\]|\\.)*\`)`,
    String.raw`(?<word>(?<![.\w$])(?:${words})(?![\w$]))`,
    String.raw`(?<number>(?<![\w$])\d[\d_.]*\b)`,
  ].join("|"),
  "g",
);
const config = /(?<comment>^[ \t]*#[^\n]*)|(?<text>"[^"\n]*"|'[^'\n]*')/gm;
const session = /(?<word>^\$ [^\n]*)/gm;
const python =
  /(?<comment>#[^\n]*)|(?<text>"[^"\n]*")|(?<word>\b(?:class|def|async|await|return|self|import|from)\b)/g;

const rules = new Map([
  ...["ts", "js", "json"].map((language) => [language, script]),
  ...["sh", "ini", "nginx"].map((language) => [language, config]),
  ["console", session],
  ["python", python],
]);

/** @returns HTML */
export function highlight(code, language) {
  const rule = rules.get(language);
  if (rule === undefined) return escapeHtml(code);
  let html = "";
  let at = 0;
  for (const match of code.matchAll(rule)) {
    const [kind = ""] = Object.entries(match.groups).find(([, text]) => text !== undefined) ?? [];
    html += `${escapeHtml(code.slice(at, match.index))}<span class="${kind}">${escapeHtml(match[0])}</span>`;
    at = match.index + match[0].length;
  }
  return html + escapeHtml(code.slice(at));
}

export function escapeHtml(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
