"""Images in pictures are the pixels that were given."""

import base64
import io
from xml.etree import ElementTree

from PIL import Image

from resnet_lab import draw


def test_photographs_are_the_files_that_were_given_each_with_its_caption():
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(file, "png")
    html = draw.photographs([("a <b> & c", file.getvalue())] * 2, scale=4)
    page = ElementTree.fromstring(
        html.replace('"><figcaption', '"/><figcaption')
    )  # as XML wants it
    images = list(page.iter("img"))
    assert [image.get("alt") for image in images] == ["a <b> & c"] * 2
    assert base64.b64decode(images[0].get("src").split(",")[1]) == file.getvalue()
    assert [figure.get("style").split(";")[0] for figure in page.iter("figure")] == [
        "flex:0 1 120px"
    ] * 2
