"""Pictures of paper: a drawn page as PDF, JPEG, PNG or TIFF."""

import io
import random
import time
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from erepo.cda.media import JPEG, PDF, PNG, TIFF

#: Formats of the pages, in the order in which the samples take them.
MEDIA: Final = (PDF, JPEG, PNG, TIFF)
#: Pages drawn per format and size; documents differ by what `padding` adds.
VARIANTS: Final = 4
#: Width of the page in pixels, by the octets at hand; the height follows from the shape of paper.
_WIDTHS: Final = ((400_000, 1240), (64_000, 620), (14_000, 200), (0, 96))
_MOMENT: Final = time.struct_time((2026, 1, 2, 8, 0, 0, 4, 2, 0))


def page(media: str, variant: int, room: int) -> bytes:
    """Return a page.

    Args:
        media: one of `MEDIA`.
        variant: which of the drawn pages, any number.
        room: octets it may take; a smaller picture is drawn for less room.

    Returns:
        The file; not promised to fit when `room` is under about 4 kB.
    """
    width = next(pixels for least, pixels in _WIDTHS if room >= least)
    return _page(media, variant % VARIANTS, width)


@lru_cache(maxsize=64)
def _page(media: str, variant: int, width: int) -> bytes:
    picture = _draw(variant, width)
    file = io.BytesIO()
    if media == PDF:
        picture.save(
            file, "PDF", quality=35, title="Dokument syntetyczny", creationDate=_MOMENT, modDate=_MOMENT
        )
    elif media == JPEG:
        picture.save(file, "JPEG", quality=40)
    elif media == PNG:
        picture.quantize(4).save(file, "PNG", optimize=True)
    else:
        picture.convert("1", dither=Image.Dither.NONE).save(file, "TIFF", compression="group4")
    return file.getvalue()


def _draw(variant: int, width: int) -> Image.Image:
    """Draw a sheet: heading, lines of writing, a stamp. No letters that a small font could lack."""
    rng = random.Random(f"erepo page {variant}")  # noqa: S311 (reproducible, not secret)
    height = width * 297 // 210
    sheet = Image.new("L", (width, height), 248)
    pen = ImageDraw.Draw(sheet)
    margin, step = width // 12, max(6, height // 46)
    font = ImageFont.load_default(max(8, width // 30))
    pen.text((margin, margin), f"DOKUMENT SYNTETYCZNY {variant + 1}", fill=20, font=font)
    for top in range(margin + 3 * step, height - 6 * step, step):
        right = width - margin - rng.randrange(width // 4)
        left = margin
        while left < right:
            word = rng.randrange(width // 40, width // 12)
            pen.rectangle((left, top, min(left + word, right), top + step // 3), fill=rng.randrange(30, 90))
            left += word + width // 60
    stamp = (width * 2 // 3, height - 5 * step, width - margin, height - step)
    pen.ellipse(stamp, outline=90, width=max(1, width // 200))
    return sheet
