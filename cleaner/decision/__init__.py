"""Evidence and scores → decisions: the only judge. No other room says what a line is, or that it goes.

`judge` decides on blocks of text by what rules, model and memory say of them; `page` on pages, by that and by where
a block stands; `whole_page` and `second_look` by what the decisions together show; what persons corrected has the last
word (`corrected`). All else in the code is evidence.
"""
