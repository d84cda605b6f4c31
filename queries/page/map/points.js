// Many points at once: WebGL where there is any, a 2D canvas elsewhere. Positions are in map units; `view` says how
// many CSS pixels a unit has and where the origin is: {scale, x, y}.

const VERTEX = `
attribute vec2 place; attribute vec4 color;
uniform vec2 size; uniform vec3 view; uniform mediump float diameter;
varying vec4 shade;
void main() {
  vec2 pixel = vec2(place.x * view.x + view.y, place.y * view.x + view.z);
  gl_Position = vec4(2.0 * pixel.x / size.x - 1.0, 1.0 - 2.0 * pixel.y / size.y, 0.0, 1.0);
  gl_PointSize = diameter;
  shade = color;
}`;
const FRAGMENT = `
precision mediump float;
varying vec4 shade; uniform float diameter;
void main() {
  float inside = (0.5 - length(gl_PointCoord - 0.5)) * diameter + 0.3;
  float alpha = shade.a * clamp(inside, 0.0, 1.0);
  gl_FragColor = vec4(shade.rgb * alpha, alpha);
}`;

/** A drawer of points on `canvas`: {color(rgba), draw(view, width, height, ratio, diameter)}. */
export function createPoints(canvas, xs, ys) {
  const gl = canvas.getContext("webgl", { antialias: false, premultipliedAlpha: true });
  return gl ? withWebGl(gl, canvas, xs, ys) : withCanvas(canvas, xs, ys);
}

function withWebGl(gl, canvas, xs, ys) {
  const places = new Float32Array(2 * xs.length);
  xs.forEach((x, i) => { places[2 * i] = x; places[2 * i + 1] = ys[i]; });
  let colors = new Uint8Array(4 * xs.length);
  let uniforms, colorBuffer;

  function prepare() {
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    uniforms = Object.fromEntries(["size", "view", "diameter"].map((name) => [name, gl.getUniformLocation(program, name)]));
    attribute(program, "place", places, 2, gl.FLOAT, false);
    colorBuffer = attribute(program, "color", colors, 4, gl.UNSIGNED_BYTE, true);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  function attribute(program, name, values, width, type, normalised) {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const location = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, width, type, normalised, 0, 0);
    return buffer;
  }

  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", prepare);
  prepare();
  return {
    kind: "webgl",
    color(rgba) {
      colors = rgba;
      gl.bindBuffer(gl.ARRAY_BUFFER, colorBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, colors, gl.DYNAMIC_DRAW);
    },
    draw(view, width, height, ratio, diameter) {
      resize(canvas, width, height, ratio);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(uniforms.size, width, height);
      gl.uniform3f(uniforms.view, view.scale, view.x, view.y);
      gl.uniform1f(uniforms.diameter, diameter * ratio);
      gl.drawArrays(gl.POINTS, 0, xs.length);
    },
  };
}

function withCanvas(canvas, xs, ys) {
  const context = canvas.getContext("2d");
  let rgba = new Uint8Array(4 * xs.length);
  let styles = [];
  return {
    kind: "canvas",
    color(values) {
      rgba = values;
      styles = Array.from(xs, (_, i) => `rgba(${rgba[4 * i]},${rgba[4 * i + 1]},${rgba[4 * i + 2]},${rgba[4 * i + 3] / 255})`);
    },
    draw(view, width, height, ratio, diameter) {
      resize(canvas, width, height, ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      const half = diameter / 2;
      for (let i = 0; i < xs.length; i++) {
        const x = xs[i] * view.scale + view.x, y = ys[i] * view.scale + view.y;
        if (x < -diameter || y < -diameter || x > width + diameter || y > height + diameter) continue;
        context.fillStyle = styles[i];
        context.fillRect(x - half, y - half, diameter, diameter);
      }
    },
  };
}

/** Give a canvas the pixels of its box, where it has others. */
export function resize(canvas, width, height, ratio) {
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
}
