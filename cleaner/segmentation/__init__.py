"""Text to blocks: lines, wrapped paragraphs, sentences of flat text, and the tokens in them."""
