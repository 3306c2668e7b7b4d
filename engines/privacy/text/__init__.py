"""Reading text in images."""

from engines.privacy.text.document import Document, document_of, is_text

__all__ = ["Document", "document_of", "is_text"]
