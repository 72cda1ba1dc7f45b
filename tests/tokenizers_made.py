"""Small tokenizers, as files: one of bytes that merges what it was trained on, and one of whole words."""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXTS = ("What is the time to first token?", "naïve ☕ 𝄞 Zürich", "tokens of an answer, one after the other") * 3


def byte_level(path: Path, size: int = 320) -> Path:
    """As GPT-2 and Llama 3 have it: every text has a length in it."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet))
    made.save(str(path))
    return path


def of_words(path: Path) -> Path:
    """A token is a word or a sign, whatever it is."""
    made = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(path))
    return path
