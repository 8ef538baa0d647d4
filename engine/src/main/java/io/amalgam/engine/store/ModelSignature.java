package io.amalgam.engine.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Signatures in the form of OpenSSF Model Signing: a Sigstore bundle (v0.3) with a DSSE envelope around an in-toto
 * statement that lists every file of the artifact with its SHA-256. Made with an elliptic key on P-256, P-384 or P-521;
 * {@code model_signing verify key} checks it.
 *
 * @see <a href="https://github.com/sigstore/model-transparency">model_signing</a>
 * @see <a href="https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md">DSSE</a>
 */
public final class ModelSignature implements ArtifactSigner {
    private static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final String BEGIN_PUBLIC = "-----BEGIN PUBLIC KEY-----";
    private static final String END_PUBLIC = "-----END PUBLIC KEY-----";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LINE = 64;
    private static final Map<Integer, String> ALGORITHMS =
            Map.of(256, "SHA256withECDSA", 384, "SHA384withECDSA", 521, "SHA512withECDSA");
    /** What lies in folders of models beside them; verifiers skip it too. */
    private static final String[] IGNORED = {FILE, ".git", ".gitattributes", ".github", ".gitignore"};

    private final ECPrivateKey key;
    private final String algorithm;
    private final String hint;

    private ModelSignature(ECPrivateKey key, String algorithm, String hint) {
        this.key = key;
        this.algorithm = algorithm;
        this.hint = hint;
    }

    /**
     * A signer with a key in a file.
     *
     * @param file PEM, PKCS #8, not encrypted: what {@code openssl genpkey -algorithm EC} writes
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if it is no such key
     */
    public static ModelSignature withKey(Path file) {
        String pem;
        try {
            pem = Files.readString(file);
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "The signing key " + file + " cannot be read: "
                    + e.getMessage() + ".", e);
        }
        int begin = pem.indexOf(BEGIN);
        int end = pem.indexOf(END);
        if (begin < 0 || end < begin) {
            throw unusable(file, "it has no '" + BEGIN + "'", null);
        }
        try {
            byte[] encoded = Base64.getMimeDecoder().decode(pem.substring(begin + BEGIN.length(), end));
            ECPrivateKey key = (ECPrivateKey) KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(encoded));
            int bits = key.getParams().getCurve().getField().getFieldSize();
            if (!ALGORITHMS.containsKey(bits)) {
                throw unusable(file, "its curve has " + bits + " bits", null);
            }
            return new ModelSignature(key, ALGORITHMS.get(bits), hint(publicKey(key)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw unusable(file, e.getMessage(), e);
        }
    }

    private static AmalgamException unusable(Path file, String why, Exception cause) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, "The signing key " + file
                + " is no elliptic key (P-256, P-384 or P-521) in PKCS #8: " + why
                + "; make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out FILE`,"
                + " or change another's form with `openssl pkcs8 -topk8 -nocrypt`.", cause);
    }

    /** The public key as PEM, for those who verify. */
    public static String publicKeyPem(Path privateKey) {
        try {
            return pem(publicKey(withKey(privateKey).key));
        } catch (GeneralSecurityException e) {
            throw unusable(privateKey, e.getMessage(), e);
        }
    }

    /** What names the key in a bundle: the digest of its PEM form as OpenSSL and Python write it. */
    private static String hint(PublicKey key) {
        return Sha256.of(pem(key).getBytes(StandardCharsets.US_ASCII));
    }

    private static String pem(PublicKey key) {
        String body = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(key.getEncoded());
        return BEGIN_PUBLIC + "\n" + body + "\n" + END_PUBLIC + "\n";
    }

    /** The point that belongs to a private key. PKCS #8 need not hold it, and Java does not compute it. */
    private static PublicKey publicKey(ECPrivateKey key) throws GeneralSecurityException {
        ECParameterSpec curve = key.getParams();
        ECPoint point = ECPoint.POINT_INFINITY;
        for (int bit = key.getS().bitLength() - 1; bit >= 0; bit--) {
            point = add(point, point, curve);
            if (key.getS().testBit(bit)) {
                point = add(point, curve.getGenerator(), curve);
            }
        }
        return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve));
    }

    /** Affine addition on a prime curve (SEC 1, 2.2.1). */
    private static ECPoint add(ECPoint left, ECPoint right, ECParameterSpec curve) {
        if (left.equals(ECPoint.POINT_INFINITY)) {
            return right;
        }
        if (right.equals(ECPoint.POINT_INFINITY)) {
            return left;
        }
        BigInteger p = ((ECFieldFp) curve.getCurve().getField()).getP();
        BigInteger slope;
        if (left.getAffineX().equals(right.getAffineX())) {
            if (left.getAffineY().add(right.getAffineY()).mod(p).signum() == 0) {
                return ECPoint.POINT_INFINITY;
            }
            BigInteger x = left.getAffineX();
            slope = x.multiply(x).multiply(BigInteger.valueOf(3)).add(curve.getCurve().getA())
                    .multiply(left.getAffineY().shiftLeft(1).modInverse(p));
        } else {
            slope = right.getAffineY().subtract(left.getAffineY())
                    .multiply(right.getAffineX().subtract(left.getAffineX()).modInverse(p));
        }
        BigInteger x = slope.multiply(slope).subtract(left.getAffineX()).subtract(right.getAffineX()).mod(p);
        BigInteger y = slope.multiply(left.getAffineX().subtract(x)).subtract(left.getAffineY()).mod(p);
        return new ECPoint(x, y);
    }

    /**
     * Checks a signature, as {@code model_signing verify key} does with the files themselves.
     *
     * @param bundle content of {@value ArtifactSigner#FILE}
     * @param publicKey PEM: what {@code openssl pkey -pubout} writes
     * @param digests of every file that must have been signed, hexadecimal, by name; no other may have been
     * @throws AmalgamException with {@code SIGNATURE_INVALID}, or with {@code ARGUMENT_INVALID} if the key is none
     */
    public static void verify(byte[] bundle, Path publicKey, Map<String, String> digests) {
        ECPublicKey key = readPublicKey(publicKey);
        JsonNode statement;
        try {
            JsonNode envelope = JSON.readTree(bundle).path("dsseEnvelope");
            byte[] payload = Base64.getDecoder().decode(envelope.path("payload").asText());
            byte[] signature = Base64.getDecoder().decode(envelope.path("signatures").path(0).path("sig").asText());
            Signature verifier = Signature.getInstance(ALGORITHMS.get(key.getParams().getCurve().getField().getFieldSize()));
            verifier.initVerify(key);
            verifier.update(encoded(payload));
            if (!PAYLOAD_TYPE.equals(envelope.path("payloadType").asText()) || !verifier.verify(signature)) {
                throw invalid("was not made with the key of " + publicKey, null);
            }
            statement = JSON.readTree(payload);
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw invalid("cannot be read: " + e.getMessage(), e);
        }
        Map<String, String> signed = new TreeMap<>();
        for (JsonNode resource : statement.at("/predicate/resources")) {
            signed.put(resource.path("name").asText(), resource.path("digest").asText());
        }
        for (Map.Entry<String, String> file : digests.entrySet()) {
            if (!file.getValue().equals(signed.remove(file.getKey()))) {
                throw invalid("is not of this " + file.getKey() + ", which has SHA-256 " + file.getValue(), null);
            }
        }
        if (!signed.isEmpty()) {
            throw invalid("is of further files: " + String.join(", ", signed.keySet()), null);
        }
    }

    private static ECPublicKey readPublicKey(Path file) {
        try {
            String pem = Files.readString(file);
            int begin = pem.indexOf(BEGIN_PUBLIC);
            int end = pem.indexOf(END_PUBLIC);
            if (begin >= 0 && end > begin) {
                byte[] encoded = Base64.getMimeDecoder().decode(pem.substring(begin + BEGIN_PUBLIC.length(), end));
                if (KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(encoded)) instanceof ECPublicKey key
                        && ALGORITHMS.containsKey(key.getParams().getCurve().getField().getFieldSize())) {
                    return key;
                }
            }
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw noPublicKey(file, e);
        }
        throw noPublicKey(file, null);
    }

    private static AmalgamException noPublicKey(Path file, Exception cause) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, "The key " + file + " is no public elliptic key (P-256,"
                + " P-384 or P-521) in PEM" + (cause instanceof IOException ? ": it cannot be read" : "")
                + "; openssl pkey -in key.pem -pubout writes one.", cause);
    }

    private static AmalgamException invalid(String why, Exception cause) {
        return new AmalgamException(ErrorCode.SIGNATURE_INVALID, "The signature " + FILE + " " + why + ".", cause);
    }

    @Override
    public byte[] sign(Manifest manifest, byte[] bytes) {
        Map<String, String> digests = new TreeMap<>();
        manifest.shards().forEach(shard -> digests.put(shard.file(), shard.sha256()));
        manifest.files().forEach(file -> digests.put(file.name(), file.sha256()));
        digests.put(Manifest.FILE, Sha256.of(bytes));
        return bundle(statement(manifest.artifactKey(), digests).toString().getBytes(StandardCharsets.UTF_8));
    }

    private static ObjectNode statement(String name, Map<String, String> digests) {
        ObjectNode statement = JsonNodeFactory.instance.objectNode();
        statement.put("_type", "https://in-toto.io/Statement/v1");
        MessageDigest root = Sha256.newDigest();
        digests.values().forEach(digest -> root.update(HexFormat.of().parseHex(digest)));
        ObjectNode subject = statement.putArray("subject").addObject();
        subject.put("name", name).putObject("digest").put("sha256", Sha256.end(root));
        statement.put("predicateType", "https://model_signing/signature/v1.0");
        ObjectNode predicate = statement.putObject("predicate");
        ObjectNode serialization = predicate.putObject("serialization");
        serialization.put("method", "files").put("hash_type", "sha256").put("allow_symlinks", false);
        ArrayNode ignored = serialization.putArray("ignore_paths");
        for (String path : IGNORED) {
            ignored.add(path);
        }
        ArrayNode resources = predicate.putArray("resources");
        digests.forEach((file, digest) ->
                resources.addObject().put("name", file).put("algorithm", "sha256").put("digest", digest));
        return statement;
    }

    private byte[] bundle(byte[] payload) {
        ObjectNode bundle = JsonNodeFactory.instance.objectNode();
        bundle.put("mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json");
        ObjectNode material = bundle.putObject("verificationMaterial");
        material.putObject("publicKey").put("hint", hint);
        material.putArray("tlogEntries");
        ObjectNode envelope = bundle.putObject("dsseEnvelope");
        envelope.put("payload", Base64.getEncoder().encodeToString(payload));
        envelope.put("payloadType", PAYLOAD_TYPE);
        envelope.putArray("signatures").addObject()
                .put("sig", Base64.getEncoder().encodeToString(signature(payload))).put("keyid", "");
        return (bundle + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** DSSE's pre-authentication encoding. */
    private static byte[] encoded(byte[] payload) {
        byte[] head = ("DSSEv1 " + PAYLOAD_TYPE.length() + " " + PAYLOAD_TYPE + " " + payload.length + " ")
                .getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(head.length + payload.length).put(head).put(payload).array();
    }

    private byte[] signature(byte[] payload) {
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(encoded(payload));
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new AmalgamException(ErrorCode.INTERNAL, "Signing an artifact failed: " + e.getMessage() + ".", e);
        }
    }
}
