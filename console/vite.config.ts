import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` shows the sources against a platform that runs; CONSOLE_PLATFORM says where.
const platform = process.env.CONSOLE_PLATFORM ?? 'http://127.0.0.1:8080';
const asked = ['/api', '/oidc', '/v1', '/readyz', '/healthz', '/docs', '/openapi.json', '/schemas'];

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../gateway/console',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // a data: URL in a style would be the only reason to allow them for fonts
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: { output: { entryFileNames: 'assets/[name]-[hash].js', chunkFileNames: 'assets/[name]-[hash].js' } },
  },
  server: { proxy: Object.fromEntries(asked.map((path) => [path, { target: platform, changeOrigin: false }])) },
});
