"""Documents as pages: a stylesheet applied in a locked process, its output sanitised, under a strict policy.

`service.render` is the way in. Nothing of erepo is imported here: the locked processes start with this
package, and should be quick about it.
"""

from typing import Final

#: Largest picture inside a page, in bytes; our stylesheet counts the same in characters of base64.
PICTURE: Final = 16 * 1024 * 1024
