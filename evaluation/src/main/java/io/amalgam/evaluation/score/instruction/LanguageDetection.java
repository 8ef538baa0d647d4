package io.amalgam.evaluation.score.instruction;

import com.cybozu.labs.langdetect.Detector;
import com.cybozu.labs.langdetect.DetectorFactory;
import com.cybozu.labs.langdetect.LangDetectException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Detects languages by the library whose port to Python IFEval uses, with its profiles and a fixed seed: the same text
 * always has the same language, which is not so in Python.
 */
final class LanguageDetection {
    private static final List<String> LANGUAGES = List.of(
            "af", "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "gu", "he", "hi", "hr",
            "hu", "id", "it", "ja", "kn", "ko", "lt", "lv", "mk", "ml", "mr", "ne", "nl", "no", "pa", "pl", "pt", "ro",
            "ru", "sk", "sl", "so", "sq", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "zh-cn",
            "zh-tw");
    private static boolean loaded;

    private LanguageDetection() {
    }

    /** Whether a text is in a language; true as well where no language can be detected, as IFEval has it. */
    static boolean isOrUnknown(String language, String text) {
        load();
        try {
            Detector detector = DetectorFactory.create();
            detector.append(text);
            return detector.detect().equals(language);
        } catch (LangDetectException e) {
            // Nothing in the text tells a language: numbers, signs. The harness lets it pass.
            return true;
        }
    }

    private static synchronized void load() {
        if (loaded) {
            return;
        }
        List<String> profiles = new ArrayList<>();
        for (String language : LANGUAGES) {
            try (InputStream profile = DetectorFactory.class.getResourceAsStream("/profiles/" + language)) {
                profiles.add(new String(profile.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new IllegalStateException("the library's profile of " + language + " cannot be read", e);
            }
        }
        try {
            DetectorFactory.loadProfile(profiles);
        } catch (LangDetectException e) {
            throw new IllegalStateException("the library's own profiles are damaged", e);
        }
        DetectorFactory.setSeed(0);
        loaded = true;
    }
}
