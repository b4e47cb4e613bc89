"""How much of an uploaded file is taken in before anyone looks at it."""

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

MOST_BYTES = 25_000_000


class LimitedUploadHandler(FileUploadHandler):
    """Stop a file that is far larger than any page accepts, before it fills the disk."""

    taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand a piece on to the next handler while the file is not too large."""
        self.taken += len(raw_data)
        if self.taken > MOST_BYTES:
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
        return
