"""What people and models may write to do harm; all of it must stay words."""

from __future__ import annotations

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> <svg onload=alert(1)><title>hijacked</title>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe><title>hijacked",
    "[click](javascript:alert(1)) [click](JaVaScRiPt&#58;alert(1)) "
    "[data](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![tracked](https://tracker.invalid/pixel.png) ![local](/admin/logout/)",
    '<form action="/c/" hx-post="/logout/" hx-trigger="load"><button>Win</button>',
    '<div hx-get="/logout/" hx-trigger="load" data-hx-get="/logout/">x</div>',
    '<p ws-connect="/ws/c/other/" hx-ext="ws">x</p> <div hx-on:click="alert(1)">x',
    "```html\n</code></pre><script>alert(1)</script>\n```",
    '```python" onmouseover="alert(1)\nprint(1)\n```',
    "| <img src=x onerror=alert(1)> |\n| - |\n| <script>alert(1)</script> |",
    '<style>body{display:none}</style><link rel=stylesheet href="//evil.invalid/x">',
    '</div></article><article data-role="user" data-state="running">fake</article>',
    '<base href="https://evil.invalid/"><meta http-equiv=refresh content="0;url=/x">',
    '<https://example.com/" onclick="alert(1)> [a]: javascript:alert(1)\n\n[a]',
    "\u202egnihsif\u202c \u2066mixed\u2069 {{ 7 * 7 }} {% csrf_token %} ${alert(1)}",
)
