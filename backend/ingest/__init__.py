"""From files, texts and web pages to passages of a docset."""
