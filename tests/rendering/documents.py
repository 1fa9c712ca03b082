"""Answers as models write them."""

from __future__ import annotations

ANSWER = """\
Here is a version that says what happens, when, and **why**, in that order:

You can leave at any time. We refund the seven months you have not used,
less the yearly discount you received on the five you did.

| Part | Months | Amount |
|:-----|-------:|-------:|
| Paid in January | 12 | € 240.00 |
| Used, at the *monthly* price | 5 | − € 125.00 |

The same rule in the billing code is `refund_due()`:

```python
def refund_due(paid, used_months, monthly_price):
    # The discount is earned by staying; it goes when the plan goes.

    return max(paid - used_months * monthly_price, 0)
```

## What to check

1. The date in the contract
2. What was paid

   by which means, and
3. the address:

   ```text
   1 Example Road
   ```

- [x] Ask for the IBAN
- [ ] Send it, see https://example.com/refunds_(old).

> Refunds take five days
> or fewer.

Setext heading
--------------

***

    indented code

    and more

Good luck! 🎉
"""
LISTS = """\
Options:
- one
- two
  - two a

  - two b
* another list

10. ten
11. eleven

text after

+ plus
lazy continuation

  still in the item

last
"""
FENCES = """\
~~~~markdown
```python
print("inside")
```
~~~~
````
```
````
text right after
```
unclosed, with a blank line

# not a heading
"""
EDGES = """\

   leading blank lines and indentation

A paragraph
# interrupted by a heading
another
***
> a quote
lazy
> more

a | b
-|-
1 | 2
3
text after no blank line is a row

#
##
-

-
"""
DOCUMENTS = (ANSWER, LISTS, FENCES, EDGES, ANSWER * 3)
