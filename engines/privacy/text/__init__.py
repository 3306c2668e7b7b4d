"""Reads text in images (OCR)."""

from engines.privacy.text.document import Document, document_of, is_text, is_unread

__all__ = ["Document", "document_of", "is_text", "is_unread"]
