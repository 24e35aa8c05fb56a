// SPDX-License-Identifier: Apache-2.0
// TlsPeer server PORT KEYS none|want|need CONNECTIONS, or TlsPeer client PORT KEYS VERSION...: one connection for each
// VERSION. KEYS is a PKCS#12 file with the password "test", or "-". Nothing is verified.
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

class TlsPeer {
    static final X509TrustManager anybody = new X509ExtendedTrustManager() {
        public void checkClientTrusted(X509Certificate[] chain, String type) {}
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    };

    static SSLContext context(String keys) throws Exception {
        KeyManager[] own = null;
        if (!keys.equals("-")) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new FileInputStream(keys), "test".toCharArray());
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(store, "test".toCharArray());
            own = factory.getKeyManagers();
        }
        SSLContext made = SSLContext.getInstance("TLS");
        made.init(own, new TrustManager[] {anybody}, null);
        return made;
    }

    static void serve(String[] args) throws Exception {
        var loopback = java.net.InetAddress.getByName("127.0.0.1");
        var listener = (SSLServerSocket) context(args[2]).getServerSocketFactory()
                           .createServerSocket(Integer.parseInt(args[1]), 5, loopback);
        listener.setWantClientAuth(args[3].equals("want"));
        if (args[3].equals("need")) listener.setNeedClientAuth(true);
        for (int i = Integer.parseInt(args[4]); i > 0; --i) {
            try (var socket = listener.accept()) {
                socket.getInputStream().read();
                socket.getOutputStream().write("ok\n".getBytes());
            } catch (java.io.IOException refused) {
                System.err.println(refused);
            }
        }
    }

    static void call(String[] args) throws Exception {
        for (int i = 3; i < args.length; ++i) {
            // A context of its own, so that nothing is resumed.
            try (var socket = (SSLSocket) context(args[2]).getSocketFactory()
                                  .createSocket("127.0.0.1", Integer.parseInt(args[1]))) {
                socket.setEnabledProtocols(new String[] {args[i]});
                socket.getOutputStream().write("Q\n".getBytes());
                socket.setSoTimeout(500);
                socket.getInputStream().read();
            } catch (java.io.IOException over) {
                System.err.println(over);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("server")) serve(args);
        else call(args);
    }
}
