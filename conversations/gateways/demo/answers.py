"""The texts of the demo gateway's answers."""

from __future__ import annotations

ORDINARY = """\
You sent {messages}, about {tokens} tokens in all, with {prompt}; the newest says \
“{newest}”{files}. I am a demo with no model behind me, so this is all I can say about it. To \
talk to a real model, start Roundtable with `OPENAI_API_KEY` set, or add one under \
**Gateways** in the admin. Until then, say **help** to see what I can show you.
"""

HELP = """\
I am a demo with no model behind me. I tell you what was sent to me, and I can show \
you what answers look like here. Just ask for one of these:

| Say | What you will see |
| --- | --- |
| `markdown` | Markdown of every kind |
| `code` | code in a few languages, to read and to copy |
| `table` | a table |
| `long` | a long answer, to scroll in while it grows |
| `think` | a model that thinks before it answers |
| `slow` | a slow answer, with time to stop it, leave and come back |
| `count to 100` | numbers, so that you would notice a missing one |
| `cut` | an answer whose connection is lost, to continue |
| `length` | an answer that reaches its length limit, to continue |
| `filtered` | an answer that a content filter ended |
| `error` | a request that fails, to retry |
| `late error` | an answer that fails midway |

Anything else, and I say how many messages I was sent, with which system prompt, and \
how many tokens that was.
"""

ERROR = (
    "The demo's server had an error while processing your request, as you asked. "
    "Nothing is broken; a retry fails again."
)

LATE_ERROR = "The demo's server was overloaded midway, as you asked."

FILTERED = """\
This answer begins like any other, and then a content filter of the gateway decides \
that the rest should not be
"""

TABLE = """\
Here is a table, with its columns aligned left, in the middle and right:

| City | Known for | Bridges |
| :--- | :---: | ---: |
| Hamburg | harbour, rain | 2,500 |
| Pittsburgh | steel, three rivers | 446 |
| Venice | canals | 438 |
| Amsterdam | bicycles | 1,281 |
| Wrocław | islands | 130 |

The numbers depend on who counts, and on what they call a bridge.
"""

CODE = """\
A function in Python that yields the primes, without end:

```python
from collections.abc import Iterator


def primes() -> Iterator[int]:
    \"\"\"Yield every prime, smallest first.\"\"\"
    factors: dict[int, list[int]] = {}
    number = 2
    while True:
        if number not in factors:
            yield number
            factors[number * number] = [number]
        for factor in factors.pop(number, []):
            factors.setdefault(number + factor, []).append(factor)
        number += 1
```

Counting what people wrote each day, in SQL:

```sql
SELECT date(created_at) AS day, count(*) AS messages
FROM message
WHERE role = 'user'
GROUP BY day
ORDER BY day DESC;
```

And in a shell, which files are the largest:

```bash
du -ah . | sort -rh | head -n 10
```

Inline code looks like `primes()`, and a block that names no language stays plain:

```
one fish
two fish
```
"""

MARKDOWN = """\
# A heading

A paragraph with **bold**, *italic*, ~~struck~~ and `code`, and a \
[link](https://commonmark.org) that leads away. A line can end early,\\
like this one.

## Lists

- Bread
- Cheese
  - a hard one
  - a soft one
- Apples

1. Boil the water.
2. Warm the pot.
3. Wait four minutes.

- [x] Write the letter
- [ ] Find a stamp

### Quotes

> What is the use of a book without pictures or conversations?
>
> > Quotes can be nested.

### Code and tables

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```

| Left | Middle | Right |
| :--- | :----: | ----: |
| one  |  two   |     3 |
| four |  five  |     6 |

---

Raw HTML is shown, never run: <b>not bold</b> <script>alert("no")</script>. Other \
scripts have room too: Ελληνικά, русский, 日本語, العربية, עברית, and 🎉 👩‍🚀.
"""

SLOW = """\
This answer takes its time, about three words a second, so that you can try what is \
hard to try with a quick one. Press Stop, and it stops within a second; what is here \
stays, and you can continue it later. Close the tab, and it goes on without you; come \
back, and you will find what was written meanwhile. Open a second tab, and both show \
the same words at the same time. Write another message while this one runs, and it \
waits below until its turn comes. If even the server stops, nothing you have read is \
lost. And here, at last, it ends.
"""

LONG = """\
# How a letter crosses the world

This is a long answer. There is time to scroll up and read in peace while it grows; \
the page will not pull you back down. When you would like to see the newest words \
again, there is a way to jump there.

## The box on the corner

A letter begins its journey by falling. The slot of a letter box is at the height of \
an elbow, and the drop is short, yet it is the one moment that cannot be undone: the \
letter is in the hands of the post now, and nobody but a stranger with a key can fetch \
it back. People have been known to stand before a letter box for a while, holding an \
envelope halfway in, thinking about a sentence on the second page.

Boxes are emptied on a schedule printed on a small plate. The schedule is a promise, \
and the whole system rests on a pile of such promises, none of them dramatic. The box \
will be emptied at five. The van will leave at six. The train will not wait. What \
looks from outside like one long journey is a relay of short and boring ones, each of \
which only has to arrive before the next departs.

## The sorting hall

At night the hall is as bright as an operating theatre. Envelopes run along belts, \
first tumbled until they all face the same way, then stamped with a wavy line, then \
photographed. A machine reads the address and sprays a row of pale bars along the \
lower edge, and from here on nobody reads the address again. The bars say all that \
the machines further along will ever want to know.

Some addresses cannot be read. There is rain on the ink, or a child wrote it, or it \
says only *to the house with the blue door, opposite the bakery*. The picture of such \
an envelope goes to a person at a screen, somewhere quiet, who has perhaps three \
seconds for it. They are astonishingly good. They know that a seven with a bar comes \
from the continent, that a certain loop is an old-fashioned *k*, that there is only \
one village in the country with a Windmill Lane and a number that high.

Three kinds of trouble are told apart:

1. **What cannot be read** goes to people, and most of it travels on the same night.
2. **What cannot be delivered** goes back, if there is a sender on the flap.
3. **What can be neither delivered nor returned** goes to an office which alone has \
the right to open it, and looks inside for a name.

## By land

For two centuries the fastest way to send a thought over land was beside a sleeping \
mail clerk. Railway post offices had pigeonholes along the walls and a hook on the \
outside, which snatched the sacks from a post at full speed. The clerks sorted by \
lamplight, standing, with their knees a little bent, and the good ones knew several \
thousand stations by heart. A letter posted in the evening was sorted while it moved, \
so that its journey and its sorting cost a single night between them.

> The trick was never speed alone. The trick was to do two things in the same hour.

Lorries took over when motorways made them cheap. They are less romantic, but they can \
be sent in any number to any place, and they do not mind a strike of the signalmen. \
The pigeonholes stayed behind in the halls, and grew into machines.

## By sea

An ocean used to be a matter of luck. A letter went in several copies by different \
ships, and the writer numbered them, so that the reader would know what was missing: \
*this is my fourth, the third went with the* Amalia, *of which we have no news*. \
Merchants kept books of what they had sent, and in them one can read whole \
conversations with holes in the middle, and the patient attempts of both sides to \
mend them.

Numbering what you send, keeping a copy until you know that it arrived, and asking \
again from the last one you have: there is hardly more than that to any reliable \
message, then or now. The clerks with their copy books would understand at once how \
this very answer reaches you. If the line breaks, your page says how far it has read, \
and the server goes on from there.

Steam made the ocean punctual. The mail ships left on Saturdays, full or not, and a \
line of print in the newspaper told the people on the other side when to expect them. \
Writers learnt to write *against the mail*, as they called it, with one eye on the \
clock, and a remarkable number of old letters end with the words that the boat is \
about to sail.

## By air

The first pilots who carried mail flew with their heads in the wind and a road map on \
their knees. They followed rivers by day and bonfires by night. The work was so \
dangerous that the post painted lights onto the landscape, a beacon every few miles \
from one coast to the other, and for some years you could have walked across a \
continent in the dark by their glow.

| By | Across an ocean | Sorted |
| :--- | ---: | :--- |
| sailing ship | five to eight weeks | on arrival |
| steamer | six to ten days | on board |
| aeroplane | one night | before departure |

Today a letter flies in the belly of a passenger jet, under the feet of people who \
watch films, and it is the cheapest passenger of all. It spends less time in the air \
than in the halls at either end.

## The last mile

Nothing about the last mile has become faster since letters began. A person walks up \
to a door. They know which dog means it and which one only sings. They know who is \
waiting for something, because the curtain moves, and they have learnt to shake their \
head from far off so that nobody has to come down the stairs for nothing.

The letter falls once more, the same short drop as at the beginning, but on the inside \
of a house. It has been touched by perhaps nine people, of whom none knew both of the \
others at its ends. Somebody picks it up, looks at the handwriting, and knows before \
it is open who has been thinking of them, and that it was at least four days ago.

## The ones that were late

In every country there is a story of a letter that took fifty years. It slid behind a \
panel in a sorting office, or between two boards of a mail car, and came to light when \
the building was torn down or the car was sold to a museum. The post delivered it, of \
course. There is nothing in the rules about being too late. A clerk put on a jacket, \
found out where the family had moved, and rang the bell with an apology in his hand.

What was in those letters is seldom of importance. Somebody would come on the Sunday \
train. The child had two teeth now. And yet people frame them, because they are proof \
of something one would like to believe: that what was entrusted is kept, even where \
nobody was looking.

## What is left

There are fewer letters every year, and nearly all that is said now travels otherwise. \
But what made the post great was never paper. It was that anyone could write to \
anyone, that a promise was kept by people who had never met, and that a thing once \
handed over was not lost, whatever became of the road. It is a good deal to ask of any \
message, and it is worth asking still.

*That was the long answer. Nothing behind it but a demo, and a fondness for the post.*
"""
