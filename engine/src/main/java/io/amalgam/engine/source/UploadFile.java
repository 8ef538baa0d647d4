package io.amalgam.engine.source;

/**
 * A file that is to be sent somewhere.
 *
 * @param name in the model, without folders
 * @param length in bytes
 * @param sha256 of its content, hexadecimal
 * @param content from which it is read, as often as need be; not closed by those who send it
 */
public record UploadFile(String name, long length, String sha256, RangeReader content) {
}
