package io.amalgam.events;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Where in the store the answers of a model to a benchmark task lie: known to those who write them (eval-workers) and to
 * those who show them (recipe-service).
 *
 * <p>A document holds one slice: a first line that says whose answers it has, then a line a question.
 */
public final class StoredAnswers {

    /** The most questions of a slice: its place is fixed, so that the answers of any question are found by name. */
    public static final int QUESTIONS = 200;
    /** The most bytes that a document may have. */
    public static final int LIMIT = 64 << 20;

    private static final int DIGEST_DIGITS = 16;

    private StoredAnswers() {
    }

    /** The first question of the slice that a question lies in. */
    public static int start(int question) {
        return question / QUESTIONS * QUESTIONS;
    }

    /**
     * The location of the answers to a slice.
     *
     * @param modelIdentity the model's fixed identity
     * @param task the task's name
     * @param taskDigest of its data and the way it is asked
     * @param question any question of the slice
     */
    public static String location(String modelIdentity, String task, String taskDigest, int question) {
        return String.format("evaluations/%s/%s/%s-%05d.jsonl", sha256(modelIdentity), task,
                taskDigest.substring(0, Math.min(DIGEST_DIGITS, taskDigest.length())), start(question));
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(
                    MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
